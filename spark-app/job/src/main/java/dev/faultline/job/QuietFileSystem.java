package dev.faultline.job;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.attribute.PosixFilePermissions;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.fs.permission.FsPermission;

/**
 * Hadoop's local file system, without a process for each permission. Without Hadoop's native library it starts a {@code chmod} for
 * each file, and Spark's usual checkpoint manager a {@code readlink} for each look at one: six processes for a micro-batch.
 * Use it with {@link #MANAGER}, which needs no links.
 */
public final class QuietFileSystem extends LocalFileSystem {
  /** For {@code spark.sql.streaming.checkpointFileManagerClass}. */
  static final String MANAGER = "org.apache.spark.sql.execution.streaming.checkpointing.FileSystemBasedCheckpointFileManager";

  public QuietFileSystem() {
    super(new RawLocalFileSystem() {
      @Override
      public void setPermission(Path path, FsPermission permission) throws IOException {
        Files.setPosixFilePermissions(pathToFile(path).toPath(), PosixFilePermissions.fromString(permission.toString().replace('t', 'x').replace('T', '-')));
      }
    });
  }
}
