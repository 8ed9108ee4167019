package dev.faultline.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.Map;
import org.junit.jupiter.api.Test;

class RewindWatchTest {
  private final RewindWatch watch = new RewindWatch();
  private long nowNanos = 5;

  private String after(long seconds, long first, long second) {
    nowNanos += seconds * 1_000_000_000;
    watch.look(Map.of(0, first, 1, second), nowNanos);
    return watch.problem();
  }

  @Test
  void aPartitionThatStandsStillWhereItHasBeenIsNoProblem() {
    assertNull(after(1, 10, 20));
    assertNull(after(60, 10, 25));
    assertNull(after(60, 10, 25));
  }

  @Test
  void aPartitionThatStaysBehindIsOne() {
    after(1, 10, 20);
    assertNull(after(60, 10, 15));
    assertNull(after(4, 11, 15));
    assertEquals("partition 1 stays at offset 15, but it had reached 20: the database lost commits, as by a failover; reading them again from Kafka",
        after(1, 12, 15));
    assertNull(after(1, 12, 16));
    assertNull(after(1, 12, 20));
    assertNull(after(60, 12, 20));
  }

  @Test
  void aPartitionThatCatchesUpIsNone() {
    after(1, 10, 100);
    for (long next = 50; next <= 100; next += 10) {
      assertNull(after(3, 10, next));
    }
  }
}
