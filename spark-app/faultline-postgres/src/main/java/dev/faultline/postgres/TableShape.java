package dev.faultline.postgres;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;

/**
 * What must stay as it is in the target while a query runs: the written columns' types and the unique keys. COPY's binary form carries no types, so after {@code ALTER TABLE … TYPE} the old bytes could become other values. Each
 * chunk compares the shape under the lock that COPY has taken, in the message that commits.
 * https://www.postgresql.org/docs/18/sql-copy.html (Binary Format), https://www.postgresql.org/docs/18/catalog-pg-trigger.html
 */
final class TableShape {
  /** PostgreSQL quotes it in the error of {@link #CHECK}. */
  static final String MARK = "faultline: the table has changed";
  /** Type bits of a trigger (pg_trigger.h): ROW 1, BEFORE 2, INSERT 4. */
  private static final String CHANGES_ROWS = "SELECT FROM pg_trigger g WHERE g.tgrelid = c.oid AND g.tgtype & 7 = 7 AND g.tgenabled <> 'D'";
  /** Parameters: the table's quoted name, and the written columns as text[]. */
  private static final String SHAPE = """
      SELECT concat_ws(' ', c.oid, c.relpersistence, c.relkind, c.relhastriggers AND EXISTS (""" + CHANGES_ROWS + """
      ), (SELECT string_agg(concat_ws(' ', a.attname, a.atttypid, a.atttypmod, a.attgenerated), ',' ORDER BY a.attnum)
        FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND a.attname = ANY (?)),
        (SELECT string_agg(DISTINCT i.indkey::text, ',' ORDER BY i.indkey::text) FROM pg_index i
          WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL)) AS shape
      FROM pg_class c WHERE c.oid = to_regclass(?)""";
  /** The cast fails if the shape is another one. It takes a column: PostgreSQL computes a cast of constants when it plans. */
  static final String CHECK = "SELECT CASE WHEN s.shape = ? THEN 0 ELSE ('" + MARK + "' || s.shape)::int END FROM (" + SHAPE + ") s";
  static final int CHECK_PARAMETERS = 3;
  private static final String REFUSALS = """
      SELECT c.relkind, c.relpersistence, row_security_active(c.oid),
        EXISTS (""" + CHANGES_ROWS + """
      ), EXISTS (SELECT FROM pg_rewrite w WHERE w.ev_class = c.oid AND w.ev_type = '3'),
        (SELECT string_agg(p.oid::regclass::text, ', ') FROM pg_partition_tree(c.oid) t JOIN pg_class p ON p.oid = t.relid
          WHERE p.oid <> c.oid AND (p.relkind = 'f' OR p.relpersistence <> 'p' OR EXISTS (
            SELECT FROM pg_trigger g WHERE g.tgrelid = p.oid AND g.tgtype & 7 = 7 AND g.tgenabled <> 'D' AND g.tgparentid = 0 AND NOT ?))),
        c.relkind = 'p' AND NOT EXISTS (SELECT FROM pg_partition_tree(c.oid) t WHERE t.isleaf AND t.relid <> c.oid)
      FROM pg_class c WHERE c.oid = to_regclass(?)""";

  private TableShape() {
  }

  /** @param written the columns that the sink writes @return null if there is no such table */
  static String read(Connection connection, String sqlName, List<String> written) throws SQLException {
    try (PreparedStatement query = connection.prepareStatement(SHAPE)) {
      bind(query, 1, sqlName, written);
      try (ResultSet row = query.executeQuery()) {
        return row.next() ? row.getString(1) : null;
      }
    }
  }

  /** Sets the parameters of {@link #CHECK}. */
  static void bindCheck(PreparedStatement check, SinkTarget target) throws SQLException {
    check.setString(1, target.shape());
    bind(check, 2, target.pgTable().sqlName(), target.columnNames());
  }

  private static void bind(PreparedStatement statement, int first, String sqlName, List<String> written) throws SQLException {
    statement.setArray(first, statement.getConnection().createArrayOf("text", written.toArray()));
    statement.setString(first + 1, sqlName);
  }

  /**
   * @param name as the user wrote it
   * @param isCopied whether the sink writes it by COPY
   * @param allowTriggers whether a trigger may change or drop rows before they are stored
   * @throws SinkConfigurationException if the sink could not keep its promises in this relation
   */
  static void refuse(Connection connection, String name, String quoted, boolean isCopied, boolean allowTriggers) throws SQLException {
    try (PreparedStatement query = connection.prepareStatement(REFUSALS)) {
      query.setBoolean(1, allowTriggers);
      query.setString(2, quoted);
      try (ResultSet row = query.executeQuery()) {
        if (!row.next()) {
          throw new SinkConfigurationException("table " + name + " does not exist; create it with: faultline schema | psql");
        }
        String reason = reason(row, isCopied, allowTriggers);
        if (reason != null) {
          throw new SinkConfigurationException(name + " " + reason);
        }
      }
    }
  }

  private static String reason(ResultSet row, boolean isCopied, boolean allowTriggers) throws SQLException {
    String kind = row.getString(1);
    if (!kind.equals("r") && !kind.equals("p")) {
      return "is no table but a " + switch (kind) {
        case "v" -> "view";
        case "m" -> "materialized view";
        case "f" -> "foreign table, whose rows are not in the transaction that moves sink_offsets";
        case "S" -> "sequence";
        default -> "relation of kind " + kind;
      };
    }
    if (!row.getString(2).equals("p")) {
      return "is " + (row.getString(2).equals("u") ? "unlogged: a crash of PostgreSQL would empty it, and sink_offsets would not know; ALTER TABLE … SET LOGGED"
          : "a temporary table");
    }
    if (isCopied && row.getBoolean(3)) {
      return "has row-level security for this user, with which PostgreSQL allows no COPY; use a user with BYPASSRLS, or the table's owner";
    }
    if (row.getBoolean(4) && !allowTriggers) {
      return "has a BEFORE INSERT trigger for each row, which may change or drop rows; if it does neither to the written columns, set option allowTriggers=true";
    }
    if (row.getBoolean(5)) {
      return "has a rule for INSERT, which COPY passes by";
    }
    if (row.getString(6) != null) {
      return "has partitions that are foreign or not logged, or have a BEFORE INSERT trigger: " + row.getString(6);
    }
    return row.getBoolean(7) ? "is partitioned and has no partition" : null;
  }
}
