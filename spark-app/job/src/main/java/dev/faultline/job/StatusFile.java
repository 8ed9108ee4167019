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

/** Says what the job is doing, for its supervisor: a file that is replaced as a whole. */
final class StatusFile {
  private static final Logger LOG = LoggerFactory.getLogger(StatusFile.class);
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Path path;
  private final String trigger;
  private String state = "";

  /** @param path null for none */
  StatusFile(Path path, String trigger) {
    this.path = path;
    this.trigger = trigger;
  }

  synchronized String state() {
    return state;
  }

  /** @param error null for none */
  synchronized void write(String state, long generation, String error) {
    if (!state.equals(this.state) || error != null) {
      LOG.info("{}, generation {}{}", state, generation, error == null ? "" : ": " + error);
    }
    this.state = state;
    if (path == null) {
      return;
    }
    ObjectNode status = JSON.createObjectNode().put("state", state).put("generation", generation).put("trigger", trigger)
        .put("pid", ProcessHandle.current().pid()).put("at_ms", System.currentTimeMillis()).put("error", error);
    try {
      Path temporary = path.resolveSibling(path.getFileName() + ".new");
      Files.writeString(temporary, JSON.writer(new MinimalPrettyPrinter()).writeValueAsString(status) + "\n");
      Files.move(temporary, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      LOG.warn("status file can't be written: {}", e.toString());
    }
  }
}
