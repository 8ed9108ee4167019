package dev.faultline.postgres;

import java.io.Closeable;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.Map;

/** Reads all offsets rows of a table and topic, over one connection that it keeps. */
final class GateReader implements Closeable {
  private static final int CONNECT_TIMEOUT_MS = 2_000;
  /** A server that hangs must not keep the gate shut for longer after it has moved to another one. */
  private static final int ANSWER_TIMEOUT_MS = 3_000;

  private final Connection connection;
  private final PreparedStatement query;

  GateReader(SinkPlan plan) throws SQLException {
    SinkTimeouts timeouts = plan.timeouts();
    String target = plan.target().target();
    this.connection = plan.address().connect(WriterName.gate(target, plan.topic(), plan.holder()), new SinkTimeouts(
        Math.min(CONNECT_TIMEOUT_MS, timeouts.connectTimeoutMs()), Math.min(ANSWER_TIMEOUT_MS, timeouts.socketTimeoutMs()),
        timeouts.lockTimeoutMs(), timeouts.reconnectDeadlineMs()));
    try {
      connection.setAutoCommit(true);
      this.query = connection.prepareStatement("SELECT partition, next_offset, generation, holder FROM sink_offsets WHERE target = ? AND topic = ?");
      query.setString(1, target);
      query.setString(2, plan.topic());
    } catch (SQLException e) {
      close();
      throw e;
    }
  }

  /** Maps each partition to its row, all of one moment. */
  Map<Integer, SinkSession.OffsetsRow> read() throws SQLException {
    Map<Integer, SinkSession.OffsetsRow> rows = new HashMap<>();
    try (ResultSet row = query.executeQuery()) {
      while (row.next()) {
        rows.put(row.getInt(1), new SinkSession.OffsetsRow(row.getLong(2), row.getLong(3), row.getString(4)));
      }
    }
    return rows;
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
