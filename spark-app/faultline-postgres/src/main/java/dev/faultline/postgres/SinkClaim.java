package dev.faultline.postgres;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
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
    try (Connection connection = address.connect(WriterName.claim(target, topic), timeouts)) {
      SinkTables.check(connection);
      connection.commit();
      return take(connection, target, topic, earliestOffsets, holder, MAX_ATTEMPTS, timeouts.lockTimeoutMs());
    }
  }

  /** Claims over an open connection. Leaves it in autocommit as it was. @param lockTimeoutMs after which it terminates sessions of older writers */
  static SinkClaim take(Connection connection, String target, String topic, Map<Integer, Long> earliestOffsets, String holder, int attempts,
      int lockTimeoutMs) throws SQLException {
    boolean autoCommit = connection.getAutoCommit();
    connection.setAutoCommit(false);
    for (int attempt = 1;; attempt++) {
      long startNanos = System.nanoTime();
      try {
        SinkClaim claim = claim(connection, target, topic, new TreeMap<>(earliestOffsets), holder, lockTimeoutMs);
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

  /** What a claim by {@code holder} would return now, with generation 0: a standby reads from there and waits. Claims nothing. */
  public static SinkClaim preview(PostgresAddress address, SinkTimeouts timeouts, String target, String topic,
      Map<Integer, Long> earliestOffsets, String holder) throws SQLException {
    Map<Integer, Long> next = new TreeMap<>();
    try (Connection connection = address.connect(WriterName.claim(target, topic), timeouts)) {
      SinkTables.check(connection);
      try (PreparedStatement query = connection.prepareStatement("SELECT partition, next_offset FROM sink_offsets WHERE target = ? AND topic = ?")) {
        query.setString(1, target);
        query.setString(2, topic);
        try (ResultSet row = query.executeQuery()) {
          while (row.next()) {
            next.put(row.getInt(1), row.getLong(2));
          }
        }
      }
      connection.rollback();
    }
    earliestOffsets.forEach(next::putIfAbsent);
    check(target, topic, next, earliestOffsets);
    return new SinkClaim(target, topic, 0, holder, Map.copyOf(next));
  }

  private static SinkClaim claim(Connection connection, String target, String topic, TreeMap<Integer, Long> earliest, String holder,
      int lockTimeoutMs) throws SQLException {
    ClaimReplication.begin(connection);
    try (Statement statement = connection.createStatement()) {
      statement.execute("SET LOCAL lock_timeout = " + lockTimeoutMs);
    }
    // two drivers that start at once insert the same rows: the second waits here, then is the newer one
    try (PreparedStatement lock = connection.prepareStatement("SELECT pg_advisory_xact_lock(hashtextextended(?, 0))")) {
      lock.setString(1, "faultline " + target + "\n" + topic);
      lock.execute();
    }
    try (PreparedStatement insert = connection.prepareStatement("""
        INSERT INTO sink_offsets (target, topic, partition, start_offset, next_offset, generation)
        VALUES (?, ?, ?, ?, ?, 0) ON CONFLICT DO NOTHING""")) {
      for (Map.Entry<Integer, Long> partition : earliest.entrySet()) {
        insert.setString(1, target);
        insert.setString(2, topic);
        insert.setInt(3, partition.getKey());
        insert.setLong(4, partition.getValue());
        insert.setLong(5, partition.getValue());
        insert.addBatch();
      }
      insert.executeBatch();
    }
    Map<Integer, Long> next = new TreeMap<>();
    long generation = 0;
    try (PreparedStatement query = connection.prepareStatement("""
        SELECT partition, next_offset, generation FROM sink_offsets
        WHERE target = ? AND topic = ? ORDER BY partition FOR UPDATE""")) {
      query.setString(1, target);
      query.setString(2, topic);
      try (ResultSet row = query.executeQuery()) {
        while (row.next()) {
          next.put(row.getInt(1), row.getLong(2));
          generation = Math.max(generation, row.getLong(3));
        }
      }
    }
    check(target, topic, next, earliest);
    try (PreparedStatement update = connection.prepareStatement("""
        UPDATE sink_offsets SET generation = ?, holder = ?, writer_pid = NULL, updated_at = clock_timestamp()
        WHERE target = ? AND topic = ?""")) {
      update.setLong(1, generation + 1);
      update.setString(2, holder);
      update.setString(3, target);
      update.setString(4, topic);
      update.executeUpdate();
    }
    return new SinkClaim(target, topic, generation + 1, holder, Map.copyOf(next));
  }

  private static void check(String target, String topic, Map<Integer, Long> next, Map<Integer, Long> earliest) {
    if (!next.keySet().equals(earliest.keySet())) {
      throw new SinkConfigurationException("sink_offsets has partitions " + next.keySet() + " of topic " + topic + " for " + target
          + ", but Kafka has partitions " + earliest.keySet());
    }
    for (Map.Entry<Integer, Long> partition : next.entrySet()) {
      long first = earliest.get(partition.getKey());
      if (partition.getValue() < first) {
        throw new DataLossException("records are lost: " + topic + "/" + partition.getKey() + " must continue at offset "
            + partition.getValue() + ", but the earliest offset that Kafka still has is " + first);
      }
    }
  }

  /** The claim's offsets, as the Kafka source's option {@code startingOffsets} takes them. */
  public String startingOffsetsJson() {
    return new TreeMap<>(startOffsets).entrySet().stream().map(e -> "\"" + e.getKey() + "\":" + e.getValue())
        .collect(Collectors.joining(",", "{\"" + topic + "\":{", "}}"));
  }
}
