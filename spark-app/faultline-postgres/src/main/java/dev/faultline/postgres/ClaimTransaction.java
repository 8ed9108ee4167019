package dev.faultline.postgres;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The transaction of a claim: it locks the offsets rows of all partitions, holds them against the topic, and writes a newer generation.
 *
 * @param earliest the first offset that Kafka still has, for each partition of the topic
 * @param identity which topic the offsets belong to
 */
record ClaimTransaction(String target, String topic, Map<Integer, Long> earliest, String holder, TopicIdentity identity) {
  private static final String READ = """
      SELECT partition, next_offset, generation, cluster_id, topic_id FROM sink_offsets WHERE target = ? AND topic = ? ORDER BY partition""";

  /** What the offsets rows say. */
  private record Rows(Map<Integer, Long> next, long generation, TopicIdentity identity) {
  }

  /** @throws DataLossException, SinkConfigurationException see {@link SinkClaim#take}; the caller must roll back, as for a SQLException */
  SinkClaim run(Connection connection, int lockTimeoutMs) throws SQLException {
    ClaimReplication.begin(connection);
    try (Statement statement = connection.createStatement()) {
      statement.execute("SET LOCAL lock_timeout = " + lockTimeoutMs);
    }
    // two drivers that start at once insert the same rows: the second waits here, then is the newer one
    lock(connection, "faultline " + target + "\n" + topic);
    refuseOtherName(connection);
    insertMissing(connection);
    Rows rows = read(connection, true);
    check(rows.next(), rows.identity());
    try (PreparedStatement update = connection.prepareStatement("""
        UPDATE sink_offsets SET generation = ?, holder = ?, writer_pid = NULL, updated_at = clock_timestamp(),
          cluster_id = coalesce(?, cluster_id), topic_id = coalesce(?, topic_id)
        WHERE target = ? AND topic = ?""")) {
      update.setLong(1, rows.generation() + 1);
      update.setString(2, holder);
      update.setString(3, identity.clusterId());
      update.setString(4, identity.topicId());
      update.setString(5, target);
      update.setString(6, topic);
      update.executeUpdate();
    }
    return new SinkClaim(target, topic, rows.generation() + 1, holder, Map.copyOf(rows.next()));
  }

  /** What {@link #run} would return, with generation 0. Changes nothing. */
  SinkClaim preview(Connection connection) throws SQLException {
    Rows rows = read(connection, false);
    earliest.forEach(rows.next()::putIfAbsent);
    check(rows.next(), rows.identity());
    return new SinkClaim(target, topic, 0, holder, Map.copyOf(rows.next()));
  }

  /** Partitions that are new get a row. */
  private void insertMissing(Connection connection) throws SQLException {
    try (PreparedStatement insert = connection.prepareStatement("""
        INSERT INTO sink_offsets (target, topic, partition, start_offset, next_offset, generation)
        VALUES (?, ?, ?, ?, ?, 0) ON CONFLICT DO NOTHING""")) {
      for (Map.Entry<Integer, Long> partition : new TreeMap<>(earliest).entrySet()) {
        insert.setString(1, target);
        insert.setString(2, topic);
        insert.setInt(3, partition.getKey());
        insert.setLong(4, partition.getValue());
        insert.setLong(5, partition.getValue());
        insert.addBatch();
      }
      insert.executeBatch();
    }
  }

  private Rows read(Connection connection, boolean lock) throws SQLException {
    Map<Integer, Long> next = new TreeMap<>();
    long generation = 0;
    TopicIdentity known = TopicIdentity.UNKNOWN;
    try (PreparedStatement query = connection.prepareStatement(READ + (lock ? " FOR UPDATE" : ""))) {
      query.setString(1, target);
      query.setString(2, topic);
      try (ResultSet row = query.executeQuery()) {
        while (row.next()) {
          next.put(row.getInt(1), row.getLong(2));
          generation = Math.max(generation, row.getLong(3));
          if (row.getString(5) != null) {
            known = new TopicIdentity(row.getString(4), row.getString(5));
          }
        }
      }
    }
    return new Rows(next, generation, known);
  }

  /** {@code payments} and {@code public.payments} may be one table: with two offsets rows each record would be stored twice. A name that has its rows already may keep them. */
  private void refuseOtherName(Connection connection) throws SQLException {
    Long table = PgTable.oid(connection, target);
    if (table == null || !read(connection, false).next().isEmpty()) {
      return;
    }
    // under two names at once: the second one waits here
    lock(connection, "faultline table " + table + "\n" + topic);
    List<String> others = new ArrayList<>();
    try (PreparedStatement query = connection.prepareStatement("SELECT DISTINCT target FROM sink_offsets WHERE topic = ? AND target <> ?")) {
      query.setString(1, topic);
      query.setString(2, target);
      try (ResultSet row = query.executeQuery()) {
        while (row.next()) {
          others.add(row.getString(1));
        }
      }
    }
    for (String other : others) {
      if (table.equals(PgTable.oid(connection, other))) {
        throw new SinkConfigurationException("sink_offsets has topic " + topic + " for " + other + ", which is the same table as " + target
            + "; use the name " + other + ", so that the sink goes on there");
      }
    }
  }

  private static void lock(Connection connection, String name) throws SQLException {
    try (PreparedStatement lock = connection.prepareStatement("SELECT pg_advisory_xact_lock(hashtextextended(?, 0))")) {
      lock.setString(1, name);
      lock.execute();
    }
  }

  private void check(Map<Integer, Long> next, TopicIdentity known) {
    if (identity.differsFrom(known)) {
      throw new SinkConfigurationException("topic " + topic + " is not the one whose offsets sink_offsets has for " + target + ": it is " + identity
          + ", and the offsets belong to " + known + "; was the topic deleted and created again, or do the brokers belong to another cluster?"
          + " If the new topic is right, see \"After a topic was created again\" in the documentation of faultline-postgres");
    }
    if (!earliest.keySet().containsAll(next.keySet())) {
      throw new SinkConfigurationException("sink_offsets has partitions " + next.keySet() + " of topic " + topic + " for " + target
          + ", but Kafka has partitions " + new TreeMap<>(earliest).keySet());
    }
    for (Map.Entry<Integer, Long> partition : next.entrySet()) {
      long first = earliest.get(partition.getKey());
      if (partition.getValue() < first) {
        throw new DataLossException("records are lost: " + topic + "/" + partition.getKey() + " must continue at offset "
            + partition.getValue() + ", but the earliest offset that Kafka still has is " + first);
      }
    }
  }
}
