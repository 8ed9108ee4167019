package dev.faultline.job;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointFolderTest {
  @TempDir
  Path base;

  @Test
  void removesItsOwnFoldersAndLeavesThoseOfAnotherDriver() throws Exception {
    CheckpointFolder one = new CheckpointFolder(base, "payments", "one");
    CheckpointFolder two = new CheckpointFolder(base, "payments", "two");
    Path first = one.fresh(1);
    Files.createDirectories(first.resolve("offsets"));
    Path other = two.fresh(0);
    Path second = one.fresh(2);
    assertFalse(Files.exists(first));
    assertTrue(Files.exists(second));
    assertTrue(Files.exists(other));
  }
}
