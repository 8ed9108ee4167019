package dev.faultline.postgres;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;

/** Terminates stale sessions of this sink: they hang inside a transaction, and their lock blocks a newer writer. */
final class StaleWriters {
  private static final String TERMINATE = """
      SELECT count(*) FILTER (WHERE pg_terminate_backend(a.pid))
      FROM pg_stat_activity a
      WHERE a.pid <> pg_backend_pid() AND a.datname = current_database() AND a.application_name LIKE ?
        AND a.xact_start < clock_timestamp() - ? * interval '1 millisecond'
        AND (a.state <> 'active' OR a.wait_event_type IS DISTINCT FROM 'Lock')""";

  private StaleWriters() {
  }

  /**
   * Terminates sessions of this partition (of all for -1) that carry our name and are older than {@code olderThanMs}
   * inside one transaction, but not those that wait for a lock themselves. The recorded {@code writer_pid} alone would
   * not do: a session's first transaction is not recorded before its commit.
   *
   * @return how many
   */
  static int terminate(Connection connection, String target, String topic, int partition, int olderThanMs) throws SQLException {
    try (PreparedStatement query = connection.prepareStatement(TERMINATE)) {
      query.setString(1, WriterName.pattern(target, topic, partition));
      query.setInt(2, olderThanMs);
      try (ResultSet row = query.executeQuery()) {
        row.next();
        return row.getInt(1);
      }
    }
  }
}
