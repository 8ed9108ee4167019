package dev.faultline.job;

import com.fasterxml.jackson.core.util.MinimalPrettyPrinter;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells a supervisor what the job is doing. Each change of the state replaces the whole file. */
final class StatusFile {
  private static final Logger LOG = LoggerFactory.getLogger(StatusFile.class);
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int VERSION = 2;

  private final Path path;
  private final String trigger;
  private JobState state;

  /** @param path null for no status file */
  StatusFile(Path path, String trigger) {
    this.path = path;
    this.trigger = trigger;
  }

  /**
   * Replaces the file.
   *
   * @param error null if there is none
   */
  synchronized void write(JobState state, long generation, String error) {
    if (state != this.state || error != null) {
      LOG.info("{}, generation {}{}", state, generation, error == null ? "" : ": " + error);
    }
    this.state = state;
    if (path == null) {
      return;
    }
    ObjectNode status = JSON.createObjectNode().put("version", VERSION).put("state", state.toString()).put("generation", generation)
        .put("trigger", trigger).put("pid", ProcessHandle.current().pid()).put("at_ms", System.currentTimeMillis()).put("error", error);
    status.putArray("partitions");
    try {
      Path temporary = path.resolveSibling(path.getFileName() + ".new");
      Files.writeString(temporary, JSON.writer(new MinimalPrettyPrinter()).writeValueAsString(status) + "\n");
      Files.move(temporary, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      LOG.warn("the status file cannot be written: {}", e.toString());
    }
  }
}
