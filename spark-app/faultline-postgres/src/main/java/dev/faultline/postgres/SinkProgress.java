package dev.faultline.postgres;

import java.io.Closeable;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Map;
import java.util.TreeMap;

/** Reads the progress of a target, over one connection. */
public final class SinkProgress implements Closeable {
  private final Connection connection;
  private final String target;
  private final String topic;

  public SinkProgress(PostgresAddress address, SinkTimeouts timeouts, String target, String topic) throws SQLException {
    this.connection = address.connect("faultline-progress", timeouts);
    this.target = target;
    this.topic = topic;
  }

  /** Maps each Kafka partition to the next offset to apply. */
  public Map<Integer, Long> nextOffsets() throws SQLException {
    Map<Integer, Long> next = new TreeMap<>();
    rows().forEach((partition, row) -> next.put(partition, row.nextOffset()));
    return next;
  }

  /**
   * How far a partition is, and who claimed it.
   *
   * @param nextOffset the next offset to apply
   * @param holder null if the claim has no holder
   */
  public record Progress(long nextOffset, String holder) {
  }

  /** The rows by Kafka partition. */
  public Map<Integer, Progress> rows() throws SQLException {
    Map<Integer, Progress> rows = new TreeMap<>();
    try (PreparedStatement query = connection.prepareStatement(
        "SELECT partition, next_offset, holder FROM sink_offsets WHERE target = ? AND topic = ?")) {
      query.setString(1, target);
      query.setString(2, topic);
      try (ResultSet row = query.executeQuery()) {
        while (row.next()) {
          rows.put(row.getInt(1), new Progress(row.getLong(2), row.getString(3)));
        }
      }
    }
    connection.rollback();
    return rows;
  }

  /** How many partitions have stored something. */
  public int storedPartitions() throws SQLException {
    try (PreparedStatement query = connection.prepareStatement(
        "SELECT count(*) FROM sink_offsets WHERE target = ? AND topic = ? AND next_offset > start_offset")) {
      query.setString(1, target);
      query.setString(2, topic);
      try (ResultSet row = query.executeQuery()) {
        row.next();
        int stored = row.getInt(1);
        connection.rollback();
        return stored;
      }
    }
  }

  /** How many partitions of a standby have a writer that has seen a record and has a connection ready; see {@link DriverRight}. */
  public int readyPartitions(String holder) throws SQLException {
    try (PreparedStatement query = connection.prepareStatement(
        "SELECT count(DISTINCT application_name) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE ?")) {
      query.setString(1, WriterName.standbyPattern(target, topic, holder));
      try (ResultSet row = query.executeQuery()) {
        row.next();
        int ready = row.getInt(1);
        connection.rollback();
        return ready;
      }
    }
  }

  @Override
  public void close() {
    try {
      connection.close();
    } catch (SQLException e) {
      // the server ends the session when the socket goes
    }
  }
}
