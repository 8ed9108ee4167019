package dev.faultline.postgres;

import java.io.Serializable;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * A table, as pg_catalog describes it.
 *
 * @param sqlName the quoted name, with its schema
 * @param uniqueKeys the columns of each unique index over plain NOT NULL columns that is checked at once, the primary key first
 */
public record PgTable(String sqlName, List<PgColumn> columns, List<List<String>> uniqueKeys) implements Serializable {
  private static final String COLUMNS = """
      SELECT a.attname, t.typname, a.attnotnull, a.atthasdef OR a.attidentity <> '' OR a.attgenerated <> '',
             a.atttypmod, a.attgenerated <> '', coalesce(c.collisdeterministic, true)
      FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_collation c ON c.oid = a.attcollation
      WHERE a.attrelid = ?::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum""";
  private static final String UNIQUE_KEYS = """
      SELECT array_agg(a.attname ORDER BY k.ord)::text[]
      FROM pg_index i
      CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY k(attnum, ord)
      JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
      WHERE i.indrelid = ?::regclass AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL AND k.ord <= i.indnkeyatts
      GROUP BY i.indexrelid, i.indisprimary HAVING bool_and(a.attnotnull) ORDER BY i.indisprimary DESC, i.indexrelid""";

  /** A table that the sink writes with INSERT and UPDATE. @throws SinkConfigurationException if there is none, or the sink could not keep its promises in it */
  static PgTable read(Connection connection, String name) throws SQLException {
    TableShape.refuse(connection, name, quoted(name), false, true);
    return describe(connection, name);
  }

  /** A table that the sink copies rows into. @throws SinkConfigurationException as in {@link #read} */
  static PgTable readTarget(Connection connection, String name, boolean allowTriggers) throws SQLException {
    TableShape.refuse(connection, name, quoted(name), true, allowTriggers);
    return describe(connection, name);
  }

  private static PgTable describe(Connection connection, String name) throws SQLException {
    String sqlName = find(connection, quoted(name));
    List<PgColumn> columns = new ArrayList<>();
    try (PreparedStatement query = connection.prepareStatement(COLUMNS)) {
      query.setString(1, sqlName);
      try (ResultSet row = query.executeQuery()) {
        while (row.next()) {
          columns.add(PgColumn.of(row.getString(1), row.getString(2), row.getBoolean(3), row.getBoolean(4), row.getBoolean(6), row.getBoolean(7), row.getInt(5)));
        }
      }
    }
    List<List<String>> keys = new ArrayList<>();
    try (PreparedStatement query = connection.prepareStatement(UNIQUE_KEYS)) {
      query.setString(1, sqlName);
      try (ResultSet row = query.executeQuery()) {
        while (row.next()) {
          keys.add(List.of((String[]) row.getArray(1).getArray()));
        }
      }
    }
    return new PgTable(sqlName, List.copyOf(columns), List.copyOf(keys));
  }

  /** {@code name} is taken as written: {@code table} or {@code schema.table}, not folded. */
  static String quoted(String name) {
    int dot = name.indexOf('.');
    return dot < 0 ? Sql.quote(name) : Sql.quote(name.substring(0, dot)) + "." + Sql.quote(name.substring(dot + 1));
  }

  /** The oid, or null. Unlike to_regclass it needs no right to the schema. */
  static Long oid(Connection connection, String name) throws SQLException {
    int dot = name.indexOf('.');
    try (PreparedStatement query = connection.prepareStatement("""
        SELECT c.oid::int8 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relname = ? AND CASE WHEN ?::text IS NULL THEN pg_table_is_visible(c.oid) ELSE n.nspname = ? END""")) {
      query.setString(1, name.substring(dot + 1));
      query.setString(2, dot < 0 ? null : name.substring(0, dot));
      query.setString(3, dot < 0 ? null : name.substring(0, dot));
      try (ResultSet row = query.executeQuery()) {
        return row.next() ? row.getLong(1) : null;
      }
    }
  }

  private static String find(Connection connection, String quoted) throws SQLException {
    try (PreparedStatement query = connection.prepareStatement("""
        SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname)
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.oid = to_regclass(?)""")) {
      query.setString(1, quoted);
      try (ResultSet row = query.executeQuery()) {
        row.next();
        return row.getString(1);
      }
    }
  }

  PgColumn column(String name) {
    for (PgColumn column : columns) {
      if (column.name().equals(name)) {
        return column;
      }
    }
    return null;
  }

  /** The first unique key whose columns are all among {@code written}; empty if there is none. */
  List<String> identity(List<String> written) {
    Set<String> names = new HashSet<>(written);
    for (List<String> key : uniqueKeys) {
      if (names.containsAll(key)) {
        return key;
      }
    }
    return List.of();
  }
}
