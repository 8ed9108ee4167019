package dev.faultline.postgres;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

class SinkClaimTest {
  @Test
  void startsAtTheEarliestOffsetAndGoesOnFromTheOffsetsRow() throws SQLException {
    try (Database database = new Database()) {
      SinkClaim first = SinkClaim.take(database.address(), Payments.TIMEOUTS, "payments", "t", Map.of(0, 40L, 1, 0L));
      assertEquals("{\"t\":{\"0\":40,\"1\":0}}", first.startingOffsetsJson());
      database.execute("UPDATE sink_offsets SET next_offset = 50, rows = 10 WHERE partition = 0");
      SinkClaim second = SinkClaim.take(database.address(), Payments.TIMEOUTS, "payments", "t", Map.of(0, 45L, 1, 0L));
      assertEquals(Map.of(0, 50L, 1, 0L), second.startOffsets());
      assertEquals(first.generation() + 1, second.generation());
      String lost = assertThrows(DataLossException.class,
          () -> SinkClaim.take(database.address(), Payments.TIMEOUTS, "payments", "t", Map.of(0, 51L, 1, 0L))).getMessage();
      assertTrue(lost.contains("t/0 must continue at offset 50, but the earliest offset that Kafka still has is 51"), lost);
      assertThrows(SinkConfigurationException.class,
          () -> SinkClaim.take(database.address(), Payments.TIMEOUTS, "payments", "t", Map.of(0, 45L)));
      assertEquals("2", database.one("SELECT max(generation) FROM sink_offsets"));
    }
  }

  @Test
  void givesDriversThatStartAtOnceDifferentGenerations() throws Exception {
    ExecutorService drivers = Executors.newFixedThreadPool(4);
    try (Database database = new Database()) {
      List<Future<Long>> claims = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        claims.add(drivers.submit(() -> Payments.claim(database).generation()));
      }
      TreeSet<Long> generations = new TreeSet<>();
      for (Future<Long> claim : claims) {
        generations.add(claim.get());
      }
      assertEquals(new TreeSet<>(List.of(1L, 2L, 3L, 4L)), generations);
    } finally {
      drivers.shutdown();
    }
  }
}
