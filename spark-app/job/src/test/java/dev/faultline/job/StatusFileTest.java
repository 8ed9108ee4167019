package dev.faultline.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StatusFileTest {
  @TempDir
  Path folder;

  private JsonNode read(Path file) throws IOException {
    return new ObjectMapper().readTree(file.toFile());
  }

  @Test
  void writesItsMembersInOrder() throws IOException {
    Path file = folder.resolve("status.json");
    StatusFile status = new StatusFile(file, "realtime");
    status.write(JobState.STARTING, null);
    assertTrue(read(file).get("holder").isNull());
    status.claimed("me", 3);
    for (JobState state : JobState.values()) {
      status.write(state, null);
      assertEquals("{\"version\":3,\"state\":\"" + state.name().toLowerCase() + "\",\"holder\":\"me\",\"generation\":3,\"trigger\":\"realtime\",\"pid\":"
          + ProcessHandle.current().pid() + ",\"at_ms\":0,\"error\":null,\"partitions\":[]}\n", Files.readString(file).replaceFirst("\"at_ms\":\\d+", "\"at_ms\":0"));
    }
    status.write(JobState.FAILED, "why");
    assertTrue(Files.readString(file).endsWith(",\"error\":\"why\",\"partitions\":[]}\n"));
  }

  @Test
  void keepsTheNewestErrorOfEachPartition() throws IOException {
    Path file = folder.resolve("status.json");
    StatusFile status = new StatusFile(file, "realtime");
    status.sinkError(5, "old", 10);
    status.sinkError(5, "new", 20);
    status.sinkError(2, "x".repeat(10_000), 15);
    status.write(JobState.RUNNING, null);
    JsonNode partitions = read(file).get("partitions");
    assertEquals(2, partitions.size());
    assertEquals(2, partitions.get(0).get("partition").asInt());
    assertEquals("x".repeat(500), partitions.get(0).get("error").asText());
    assertEquals("{\"partition\":5,\"error\":\"new\",\"at_ms\":20}", partitions.get(1).toString());
  }

  @Test
  void beatsOncePerSecondWithTheSameStateAndNewErrors() throws Exception {
    Path file = folder.resolve("status.json");
    StatusFile status = new StatusFile(file, "realtime");
    status.beat();
    assertFalse(Files.exists(file), "nothing is known before the first write");
    status.claimed("me", 7);
    status.write(JobState.RESTARTING, "why");
    JsonNode first = read(file);
    status.sinkError(0, "gap", 1);
    status.beat();
    assertEquals(first, read(file), "a beat right after a write");
    long deadline = System.nanoTime() + 20_000_000_000L;
    while (read(file).equals(first) && System.nanoTime() < deadline) {
      Thread.sleep(50);
      status.beat();
    }
    JsonNode second = read(file);
    long apartMs = second.get("at_ms").asLong() - first.get("at_ms").asLong();
    assertTrue(apartMs >= 850, "the next beat came after " + apartMs + " ms");
    assertEquals("restarting 7 why gap", second.get("state").asText() + " " + second.get("generation") + " " + second.get("error").asText() + " "
        + second.get("partitions").get(0).get("error").asText());
  }

  @Test
  void isOptional() {
    StatusFile none = new StatusFile(null, "realtime");
    none.write(JobState.RUNNING, null);
    none.beat();
  }
}
