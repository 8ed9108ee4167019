package dev.faultline.postgres;

import com.fasterxml.jackson.databind.JsonNode;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Checks a target against the database before any record is read. */
public final class TargetReader {
  private TargetReader() {
  }

  /** Checks the type of a written column; throws {@link SinkConfigurationException} if it does not fit. */
  public interface TypeCheck {
    void check(int index, PgColumn column);
  }

  /**
   * Reads the target's tables and checks them.
   *
   * @param written the names of the columns that the encoder writes, in its order
   * @param aggregates the pipeline file's list, as JSON; null if there is none
   * @throws SinkConfigurationException if a table or a column does not fit
   * @throws SQLException if PostgreSQL cannot be reached
   */
  public static SinkTarget read(PostgresAddress address, SinkTimeouts timeouts, String target, String table,
      List<String> written, TypeCheck types, JsonNode aggregates) throws SQLException {
    try (Connection connection = address.connect("faultline-sink check", timeouts)) {
      SinkTables.check(connection);
      PgTable pgTable = PgTable.read(connection, table);
      List<PgColumn> columns = columns(table, pgTable, written, types);
      SinkTarget plain = new SinkTarget(target, table, pgTable, columns, pgTable.identity(written), List.of());
      List<Aggregate> list = new ArrayList<>();
      if (aggregates != null) {
        for (JsonNode aggregate : aggregates) {
          list.add(aggregate(connection, plain, aggregate));
        }
      }
      connection.rollback();
      return new SinkTarget(target, table, pgTable, columns, plain.identity(), List.copyOf(list));
    }
  }

  private static List<PgColumn> columns(String table, PgTable pgTable, List<String> written, TypeCheck types) {
    List<PgColumn> columns = new ArrayList<>();
    Set<String> names = new HashSet<>();
    for (String name : written) {
      PgColumn column = pgTable.column(name);
      if (column == null) {
        throw new SinkConfigurationException("table " + table + " has no column " + name);
      }
      if (!names.add(name)) {
        throw new SinkConfigurationException("the input has two columns " + name);
      }
      types.check(columns.size(), column);
      columns.add(column);
    }
    for (PgColumn column : pgTable.columns()) {
      if (column.notNull() && !column.filledByServer() && !names.contains(column.name())) {
        throw new SinkConfigurationException("column " + column.name() + " of table " + table
            + " is NOT NULL without a default, and the input has no such column");
      }
    }
    return List.copyOf(columns);
  }

  private static Aggregate aggregate(Connection connection, SinkTarget target, JsonNode node) throws SQLException {
    String name = node.path("table").asText();
    if (name.isEmpty()) {
      throw new SinkConfigurationException("an aggregate lacks its table");
    }
    PgTable table = PgTable.read(connection, name);
    JsonNode window = node.path("window");
    String windowField = window.isMissingNode() ? null : window.path("field").asText();
    String windowColumn = window.isMissingNode() ? null : window.path("column").asText();
    List<String> groupBy = new ArrayList<>();
    node.path("groupBy").forEach(column -> groupBy.add(column.asText()));
    String count = node.path("count").isMissingNode() ? null : node.path("count").asText();
    Map<String, String> sums = new LinkedHashMap<>();
    node.path("sums").properties().forEach(sum -> sums.put(sum.getKey(), sum.getValue().asText()));

    List<String> key = new ArrayList<>();
    if (windowField != null) {
      if (!require(target, name, windowField).type().equals("timestamptz")) {
        throw new SinkConfigurationException("aggregate " + name + ": window field " + windowField + " is not a timestamptz");
      }
      requireNotNull(target, name, windowField);
      key.add(windowColumn);
    }
    for (String column : groupBy) {
      requireNotNull(target, name, column);
      if (!BinaryText.knows(require(target, name, column).type())) {
        throw new SinkConfigurationException("aggregate " + name + ": cannot group by " + column + " of type " + require(target, name, column).type());
      }
      key.add(column);
    }
    key.add(Aggregate.SHARD);
    for (String column : sums.keySet()) {
      if (!Set.of("int2", "int4", "int8", "float4", "float8", "numeric").contains(require(target, name, column).type())) {
        throw new SinkConfigurationException("aggregate " + name + ": cannot sum " + column);
      }
    }
    List<String> needed = new ArrayList<>(key);
    if (count != null) {
      needed.add(count);
    }
    needed.addAll(sums.values());
    for (String column : needed) {
      if (table.column(column) == null) {
        throw new SinkConfigurationException("table " + name + " has no column " + column);
      }
    }
    if (table.uniqueKeys().stream().noneMatch(k -> k.size() == key.size() && k.containsAll(key))) {
      throw new SinkConfigurationException("table " + name + " has no primary key (" + String.join(", ", key) + ")");
    }
    if (count == null && sums.isEmpty()) {
      throw new SinkConfigurationException("aggregate " + name + " has neither count nor sums");
    }
    return new Aggregate(table, windowField, windowField == null ? 0 : DurationText.micros(window.path("size").asText()),
        windowColumn, List.copyOf(groupBy), count, sums);
  }

  private static PgColumn require(SinkTarget target, String aggregate, String column) {
    int index = target.columnIndex(column);
    if (index < 0) {
      throw new SinkConfigurationException("aggregate " + aggregate + ": " + column + " is not a field");
    }
    return target.columns().get(index);
  }

  private static void requireNotNull(SinkTarget target, String aggregate, String column) {
    if (!require(target, aggregate, column).notNull()) {
      throw new SinkConfigurationException("aggregate " + aggregate + ": " + column + " may be null, so it cannot be part of a key");
    }
  }
}
