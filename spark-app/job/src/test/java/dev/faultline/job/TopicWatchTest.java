package dev.faultline.job;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.faultline.postgres.TopicIdentity;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TopicWatchTest {
  private static final TopicIdentity KNOWN = new TopicIdentity("cluster", "topic");
  private final List<String> changes = new ArrayList<>();
  private final TopicWatch watch = new TopicWatch("payments", new KafkaTopic(Map.of(0, 0L, 1, 0L), Map.of(0, 5L, 1, 7L), KNOWN), e -> changes.add(e.getMessage()));

  @Test
  void saysNothingWhileTheTopicIsTheSame() {
    watch.found(KNOWN, 2);
    watch.found(KNOWN, 1);
    watch.found(TopicIdentity.UNKNOWN, 2);
    assertEquals(List.of(), changes);
  }

  @Test
  void tellsOfAnotherTopicOnce() {
    TopicIdentity other = new TopicIdentity("cluster", "again");
    watch.found(other, 2);
    watch.found(other, 3);
    assertEquals(List.of("topic payments is another one now: topic id again of cluster cluster, not topic id topic of cluster cluster"), changes);
  }

  @Test
  void tellsOfMorePartitions() {
    watch.found(KNOWN, 3);
    assertEquals(List.of("topic payments has 3 partitions now, not 2"), changes);
  }

  @Test
  void tellsOfATopicThatStaysMissing() {
    watch.missing(1);
    watch.missing(TopicWatch.MISSING_NANOS);
    watch.found(KNOWN, 2);
    watch.missing(2 * TopicWatch.MISSING_NANOS);
    watch.missing(3 * TopicWatch.MISSING_NANOS - 1);
    assertEquals(List.of(), changes);
    watch.missing(3 * TopicWatch.MISSING_NANOS);
    assertEquals(List.of("topic payments does not exist any more"), changes);
  }
}
