package dev.faultline.job;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** The folder of Spark's checkpoints. Spark demands a checkpoint, but the job relies on sink_offsets alone, so each start gets a fresh one. */
final class CheckpointFolder {
  private static final String PREFIX = "faultline-";

  private final Path base;

  /**
   * @param base null for the pipeline's folder in java.io.tmpdir
   * @param driver the name of this driver if it may share {@code base} with another one that runs; else null
   */
  CheckpointFolder(Path base, String pipeline, String driver) {
    Path shared = base == null ? Path.of(System.getProperty("java.io.tmpdir"), "faultline-checkpoint-" + pipeline) : base;
    this.base = (driver == null ? shared : shared.resolve(driver)).toAbsolutePath();
  }

  /** Makes a new folder and removes the ones before it. */
  Path fresh(long generation) {
    try {
      Files.createDirectories(base);
      try (Stream<Path> entries = Files.list(base)) {
        for (Path old : entries.filter(p -> p.getFileName().toString().startsWith(PREFIX)).toList()) {
          remove(old);
        }
      }
      return Files.createTempDirectory(base, PREFIX + generation + "-");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void remove(Path folder) throws IOException {
    List<Path> entries;
    try (Stream<Path> walk = Files.walk(folder)) {
      entries = walk.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path entry : entries) {
      Files.deleteIfExists(entry);
    }
  }
}
