package dev.faultline.postgres;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A driver's claim on a table and a topic. Its generation is newer than all earlier ones and fences their writers.
 *
 * @param generation 0 for a {@link #preview}
 * @param holder a random id of the claimant, which the claim writes beside the generation; null for none
 * @param startOffsets maps each Kafka partition to the next offset to apply
 */
public record SinkClaim(String target, String topic, long generation, String holder, Map<Integer, Long> startOffsets) {
  private static final Logger LOG = LoggerFactory.getLogger(SinkClaim.class);
  private static final int MAX_ATTEMPTS = 20;

  /**
   * Claims all partitions of {@code topic} for {@code target}, in one transaction. If a stale session of an older
   * writer holds a lock, this method terminates that session.
   *
   * @param earliestOffsets the first offset that Kafka still has, for each partition of the topic
   * @throws DataLossException if Kafka has dropped records that were not applied; then nothing is claimed
   * @throws SinkConfigurationException if a table is missing or the partitions do not match
   * @throws SQLException if PostgreSQL cannot be reached
   */
  public static SinkClaim take(PostgresAddress address, SinkTimeouts timeouts, String target, String topic,
      Map<Integer, Long> earliestOffsets) throws SQLException {
    return take(address, timeouts, target, topic, earliestOffsets, null);
  }

  /**
   * As {@link #take(PostgresAddress, SinkTimeouts, String, String, Map)}, with a holder: its writers get the option {@code holder} beside the
   * generation. So they are never mistaken for those of another claim with the same number, of which one was lost with a database.
   */
  public static SinkClaim take(PostgresAddress address, SinkTimeouts timeouts, String target, String topic,
      Map<Integer, Long> earliestOffsets, String holder) throws SQLException {
    return take(address, timeouts, target, topic, earliestOffsets, holder, TopicIdentity.UNKNOWN);
  }

  /**
   * As {@link #take(PostgresAddress, SinkTimeouts, String, String, Map, String)}, for a topic that is known by more than its name. The claim remembers
   * it, and is refused if the offsets belong to another topic.
   *
   * @throws SinkConfigurationException also if the topic is not the one of the earlier claims
   */
  public static SinkClaim take(PostgresAddress address, SinkTimeouts timeouts, String target, String topic,
      Map<Integer, Long> earliestOffsets, String holder, TopicIdentity identity) throws SQLException {
    try (Connection connection = address.connect(WriterName.claim(target, topic), timeouts)) {
      SinkTables.check(connection);
      connection.commit();
      return take(connection, new ClaimTransaction(target, topic, earliestOffsets, holder, identity), MAX_ATTEMPTS, timeouts.lockTimeoutMs());
    }
  }

  /** Claims over an open connection. Leaves it in autocommit as it was. @param lockTimeoutMs after which it terminates sessions of older writers */
  static SinkClaim take(Connection connection, ClaimTransaction transaction, int attempts, int lockTimeoutMs) throws SQLException {
    String target = transaction.target();
    String topic = transaction.topic();
    boolean autoCommit = connection.getAutoCommit();
    connection.setAutoCommit(false);
    for (int attempt = 1;; attempt++) {
      long startNanos = System.nanoTime();
      try {
        SinkClaim claim = transaction.run(connection, lockTimeoutMs);
        connection.commit();
        ClaimReplication.await(connection, target + " <- " + topic);
        connection.setAutoCommit(autoCommit);
        return claim;
      } catch (SQLException e) {
        connection.rollback();
        boolean locked = "55P03".equals(e.getSQLState());
        if (locked) {
          int waitedMs = (int) ((System.nanoTime() - startNanos) / 1_000_000);
          int terminated = StaleWriters.terminate(connection, target, topic, -1, waitedMs);
          connection.commit();
          LOG.warn("{} <- {}: another session locks an offsets row; terminated {} stale session(s) of older writers", target, topic, terminated);
        }
        if (!locked || attempt == attempts) {
          connection.setAutoCommit(autoCommit);
          throw e;
        }
      } catch (RuntimeException e) {
        connection.rollback();
        connection.setAutoCommit(autoCommit);
        throw e;
      }
    }
  }

  /** As {@link #preview(PostgresAddress, SinkTimeouts, String, String, Map, String, TopicIdentity)}, for a topic of which only the name is known. */
  public static SinkClaim preview(PostgresAddress address, SinkTimeouts timeouts, String target, String topic,
      Map<Integer, Long> earliestOffsets, String holder) throws SQLException {
    return preview(address, timeouts, target, topic, earliestOffsets, holder, TopicIdentity.UNKNOWN);
  }

  /** What a claim by {@code holder} would return now, with generation 0: a standby reads from there and waits. Claims nothing. */
  public static SinkClaim preview(PostgresAddress address, SinkTimeouts timeouts, String target, String topic,
      Map<Integer, Long> earliestOffsets, String holder, TopicIdentity identity) throws SQLException {
    try (Connection connection = address.connect(WriterName.claim(target, topic), timeouts)) {
      SinkTables.check(connection);
      SinkClaim preview = new ClaimTransaction(target, topic, earliestOffsets, holder, identity).preview(connection);
      connection.rollback();
      return preview;
    }
  }

  /** The claim's offsets, as the Kafka source's option {@code startingOffsets} takes them. */
  public String startingOffsetsJson() {
    return new TreeMap<>(startOffsets).entrySet().stream().map(e -> "\"" + e.getKey() + "\":" + e.getValue())
        .collect(Collectors.joining(",", "{\"" + topic + "\":{", "}}"));
  }
}
