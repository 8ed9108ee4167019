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

  private static SinkClaim take(Database database, String target, Map<Integer, Long> earliest, TopicIdentity identity) throws SQLException {
    return SinkClaim.take(database.address(), Payments.TIMEOUTS, target, "t", earliest, "me", identity);
  }

  @Test
  void refusesATopicThatIsAnotherOneUnderTheSameName() throws SQLException {
    try (Database database = new Database()) {
      Map<Integer, Long> earliest = Map.of(0, 0L);
      TopicIdentity mine = new TopicIdentity("cluster", "topic");
      take(database, "payments", earliest, TopicIdentity.UNKNOWN);
      take(database, "payments", earliest, mine);
      assertEquals("cluster|topic", database.one("SELECT cluster_id, topic_id FROM sink_offsets"));
      take(database, "payments", earliest, TopicIdentity.UNKNOWN);
      assertEquals(3, take(database, "payments", Map.of(0, 0L, 1, 0L), mine).generation() - 1, "a new partition gets the ids as well");
      for (TopicIdentity other : List.of(new TopicIdentity("cluster", "again"), new TopicIdentity("elsewhere", "topic"))) {
        String message = assertThrows(SinkConfigurationException.class, () -> take(database, "payments", Map.of(0, 0L, 1, 0L), other)).getMessage();
        assertTrue(message.startsWith("topic t is not the one whose offsets sink_offsets has for payments: it is " + other), message);
        assertThrows(SinkConfigurationException.class,
            () -> SinkClaim.preview(database.address(), Payments.TIMEOUTS, "payments", "t", Map.of(0, 0L, 1, 0L), "me", other));
      }
      assertEquals("4|2", database.one("SELECT max(generation), count(topic_id) FROM sink_offsets"));
    }
  }

  @Test
  void takesNewPartitionsFromTheirBeginning() throws SQLException {
    try (Database database = new Database()) {
      take(database, "payments", Map.of(0, 0L), TopicIdentity.UNKNOWN);
      database.execute("UPDATE sink_offsets SET next_offset = 5, rows = 5");
      assertEquals(Map.of(0, 5L, 1, 3L), take(database, "payments", Map.of(0, 0L, 1, 3L), TopicIdentity.UNKNOWN).startOffsets());
    }
  }

  @Test
  void refusesASecondNameForOneTable() throws SQLException {
    try (Database database = new Database()) {
      take(database, "payments", Map.of(0, 0L), TopicIdentity.UNKNOWN);
      String message = assertThrows(SinkConfigurationException.class,
          () -> take(database, "public.payments", Map.of(0, 0L), TopicIdentity.UNKNOWN)).getMessage();
      assertEquals("sink_offsets has topic t for payments, which is the same table as public.payments; use the name payments, so that the sink goes on there", message);
      // a name that is no table, and another table of the same name
      take(database, "mine", Map.of(0, 0L), TopicIdentity.UNKNOWN);
      database.execute("CREATE SCHEMA other; CREATE TABLE other.payments (LIKE public.payments)");
      take(database, "other.payments", Map.of(0, 0L), TopicIdentity.UNKNOWN);
      assertEquals("3", database.one("SELECT count(*) FROM sink_offsets"));
      // rows under both names from before: either goes on
      database.execute("INSERT INTO sink_offsets (target, topic, partition, start_offset, next_offset, generation) VALUES ('public.payments', 't', 0, 0, 0, 1)");
      take(database, "payments", Map.of(0, 0L), TopicIdentity.UNKNOWN);
      take(database, "public.payments", Map.of(0, 0L), TopicIdentity.UNKNOWN);
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
