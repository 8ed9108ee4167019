package dev.faultline.postgres;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;

/** The two tables that the sink needs beside its target: {@code sink_offsets} and {@code dead_letters}. */
final class SinkTables {
  private static final List<String> SINK_OFFSETS = List.of("target", "topic", "partition", "start_offset", "next_offset",
      "generation", "writer_pid", "rows", "duplicates", "dead_letters", "updated_at", "holder", "cluster_id", "topic_id");
  private static final List<String> DEAD_LETTERS = List.of("target", "topic", "partition", "offset", "key", "value", "reason");

  private SinkTables() {
  }

  /** @throws SinkConfigurationException if one is missing or has not the columns we use */
  static void check(Connection connection) throws SQLException {
    check(connection, "sink_offsets", SINK_OFFSETS);
    check(connection, "dead_letters", DEAD_LETTERS);
  }

  private static void check(Connection connection, String name, List<String> columns) throws SQLException {
    PgTable table = PgTable.read(connection, name);
    for (String column : columns) {
      if (table.column(column) == null) {
        throw new SinkConfigurationException("table " + name + " has no column " + column + "; compare the table with the output of: faultline schema");
      }
    }
  }
}
