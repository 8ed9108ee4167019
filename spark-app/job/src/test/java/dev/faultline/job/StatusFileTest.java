package dev.faultline.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StatusFileTest {
  @Test
  void writesItsMembersInOrder(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("status.json");
    StatusFile status = new StatusFile(file, "realtime");
    for (JobState state : JobState.values()) {
      status.write(state, 3, null);
      assertEquals("{\"version\":2,\"state\":\"" + state.name().toLowerCase() + "\",\"generation\":3,\"trigger\":\"realtime\",\"pid\":"
          + ProcessHandle.current().pid() + ",\"at_ms\":0,\"error\":null,\"partitions\":[]}\n", Files.readString(file).replaceFirst("\"at_ms\":\\d+", "\"at_ms\":0"));
    }
    status.write(JobState.FAILED, 3, "why");
    assertTrue(Files.readString(file).endsWith(",\"error\":\"why\",\"partitions\":[]}\n"));
  }

  @Test
  void isOptional() {
    new StatusFile(null, "realtime").write(JobState.RUNNING, 1, null);
  }
}
