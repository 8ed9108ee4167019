package dev.faultline.job;

import com.fasterxml.jackson.core.util.MinimalPrettyPrinter;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells a supervisor what the job is doing. Each change of the state replaces the whole file; while the query runs, a beat
 * replaces it every second, so that a reader sees when the job hangs.
 */
final class StatusFile {
  private static final Logger LOG = LoggerFactory.getLogger(StatusFile.class);
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int VERSION = 3;
  /** A little less than a second: the loop that beats comes by every 500 ms. */
  private static final long BEAT_NANOS = 900_000_000;
  /** PostgreSQL may quote a whole value in its message. */
  private static final int MAX_ERROR_CHARS = 500;

  private record SinkError(String text, long atMs) {
  }

  private final Path path;
  private final String trigger;
  private final Map<Integer, SinkError> sinkErrors = new TreeMap<>();
  private String holder;
  private JobState state;
  private long generation;
  private boolean hasClaimed;
  private String error;
  private long writtenNanos;

  /** @param path null for no status file */
  StatusFile(Path path, String trigger) {
    this.path = path;
    this.trigger = trigger;
  }

  /**
   * Tells who claims and what is claimed; the next write brings it into the file.
   *
   * @param generation 0 before the claim
   */
  synchronized void claimed(String holder, long generation) {
    this.holder = holder;
    this.generation = generation;
    hasClaimed |= generation > 0;
  }

  /** Whether there was a claim since this start; the query that runs now may not have one yet. */
  synchronized boolean hasClaimed() {
    return hasClaimed;
  }

  synchronized boolean is(JobState other) {
    return state == other;
  }

  /**
   * Replaces the file.
   *
   * @param error null if there is none
   */
  synchronized void write(JobState state, String error) {
    if (state != this.state || error != null) {
      LOG.info("{}, generation {}{}", state, generation, error == null ? "" : ": " + error);
    }
    this.state = state;
    this.error = error;
    save();
  }

  /** Writes the same state again if about a second has passed since the file was written. */
  synchronized void beat() {
    if (state != null && System.nanoTime() - writtenNanos >= BEAT_NANOS) {
      save();
    }
  }

  /** Keeps the last error of a Kafka partition. The next write or beat brings it into the file: failed tasks may come many times a second. */
  synchronized void sinkError(int partition, String text, long atMs) {
    sinkErrors.put(partition, new SinkError(text.substring(0, Math.min(MAX_ERROR_CHARS, text.length())), atMs));
  }

  private void save() {
    writtenNanos = System.nanoTime();
    if (path == null) {
      return;
    }
    ObjectNode status = JSON.createObjectNode().put("version", VERSION).put("state", state.toString()).put("holder", holder)
        .put("generation", generation).put("trigger", trigger).put("pid", ProcessHandle.current().pid()).put("at_ms", System.currentTimeMillis()).put("error", error);
    ArrayNode partitions = status.putArray("partitions");
    sinkErrors.forEach((partition, last) ->
        partitions.addObject().put("partition", partition).put("error", last.text()).put("at_ms", last.atMs()));
    try {
      Path temporary = path.resolveSibling(path.getFileName() + ".new");
      Files.writeString(temporary, JSON.writer(new MinimalPrettyPrinter()).writeValueAsString(status) + "\n");
      Files.move(temporary, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      LOG.warn("the status file cannot be written: {}", e.toString());
    }
  }
}
