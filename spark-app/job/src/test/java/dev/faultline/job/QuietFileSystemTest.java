package dev.faultline.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.attribute.PosixFilePermissions;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.spark.sql.execution.streaming.checkpointing.CheckpointFileManager;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class QuietFileSystemTest {
  @TempDir
  java.nio.file.Path folder;

  private static Configuration hadoop() {
    Configuration hadoop = new Configuration();
    hadoop.set("fs.file.impl", QuietFileSystem.class.getName());
    hadoop.set("fs.file.impl.disable.cache", "true");
    hadoop.set("spark.sql.streaming.checkpointFileManagerClass", QuietFileSystem.MANAGER);
    return hadoop;
  }

  private Path path(String name) {
    return new Path(folder.resolve(name).toUri());
  }

  @Test
  void setsPermissions() throws Exception {
    FileSystem files = FileSystem.get(folder.toUri(), hadoop());
    assertInstanceOf(QuietFileSystem.class, files);
    files.create(path("one")).close();
    for (String mode : new String[] {"640", "600", "755"}) {
      files.setPermission(path("one"), new FsPermission(mode));
      assertEquals(new FsPermission(mode), files.getFileStatus(path("one")).getPermission());
    }
    // Java knows no sticky bit
    files.setPermission(path("one"), new FsPermission("1777"));
    assertEquals("rwxrwxrwx", PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.resolve("one"))));
  }

  @Test
  void checkpointsAreThereWholeOrNotAtAll() throws Exception {
    CheckpointFileManager manager = CheckpointFileManager.create(path("checkpoint"), hadoop());
    assertEquals(QuietFileSystem.MANAGER, manager.getClass().getName());
    manager.mkdirs(path("checkpoint"));
    try (OutputStream batch = manager.createAtomic(path("checkpoint/0"), false)) {
      batch.write(7);
      batch.flush();
      assertTrue(Files.notExists(folder.resolve("checkpoint/0")));
    }
    assertEquals(1, Files.size(folder.resolve("checkpoint/0")));
  }
}
