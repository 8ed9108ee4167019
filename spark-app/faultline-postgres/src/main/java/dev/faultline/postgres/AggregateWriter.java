package dev.faultline.postgres;

import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.postgresql.PGConnection;

/**
 * Checks the table's shape, adds a chunk's totals and commits, in one round trip. The check, the upserts and COMMIT are one statement list, which pgjdbc
 * sends with one Sync. If one of them fails, the server skips the rest of the list, COMMIT included.
 */
final class AggregateWriter {
  private final int shard;
  private final SinkTarget target;
  private final List<GroupTotals> totals;
  private final List<Map<String, String>> groupTypes = new ArrayList<>();
  private final String sql;
  private final int columns;
  private final int[] fieldAt;

  AggregateWriter(SinkTarget target, int shard) {
    this.shard = shard;
    this.totals = target.aggregates().stream().map(a -> new GroupTotals(a, target)).toList();
    this.columns = target.columns().size();
    this.fieldAt = new int[columns];
    for (Aggregate aggregate : target.aggregates()) {
      Map<String, String> types = new HashMap<>();
      aggregate.groupBy().forEach(c -> types.put(c, target.pgTable().column(c).type()));
      groupTypes.add(types);
    }
    this.target = target;
    this.sql = Stream.of(Stream.of(TableShape.CHECK), target.aggregates().stream().map(a -> upsert(a, target)), Stream.of("COMMIT"))
        .flatMap(part -> part).collect(Collectors.joining(";\n"));
  }

  private static String upsert(Aggregate a, SinkTarget target) {
    List<String> keys = new ArrayList<>();
    List<String> names = new ArrayList<>();
    List<String> arrays = new ArrayList<>();
    List<String> values = new ArrayList<>();
    List<String> totals = new ArrayList<>();
    if (a.windowField() != null) {
      keys.add(a.windowColumn());
      arrays.add("?::text[]");
    }
    for (String group : a.groupBy()) {
      keys.add(group);
      arrays.add(target.pgTable().column(group).type().startsWith("int") ? "?::int8[]" : "?::text[]");
    }
    names.addAll(keys);
    if (a.count() != null) {
      totals.add(a.count());
      arrays.add("?::int8[]");
    }
    a.sums().forEach((field, total) -> {
      totals.add(total);
      arrays.add(target.pgTable().column(field).type().startsWith("int") ? "?::int8[]" : "?::text[]");
    });
    names.addAll(totals);
    // groups whose bytes differ may be one group for the table's key, which takes a row only once in a statement
    boolean merges = a.groupBy().stream().anyMatch(g -> !a.table().column(g).equalByBytes());
    for (String name : names) {
      String type = Sql.quote(a.table().column(name).type());
      boolean isSummed = merges && totals.contains(name);
      values.add(isSummed ? "sum(u." + Sql.quote(name) + "::" + type + ")::" + type : "u." + Sql.quote(name) + "::" + type);
    }
    String keyColumns = Sql.columns(keys) + (keys.isEmpty() ? "" : ", ") + Sql.quote(Aggregate.SHARD);
    return "INSERT INTO " + a.table().sqlName() + " AS t (" + Sql.columns(names) + ", " + Sql.quote(Aggregate.SHARD) + ")"
        + " SELECT " + String.join(", ", values) + ", ?::int4"
        + " FROM unnest(" + String.join(", ", arrays) + ") AS u(" + Sql.columns(names) + ")"
        + (merges ? " GROUP BY " + ordinals(keys.size()) : "")
        + (keys.isEmpty() ? "" : " ORDER BY " + ordinals(keys.size()))
        + " ON CONFLICT (" + keyColumns + ") DO UPDATE SET "
        + totals.stream().map(c -> Sql.quote(c) + " = t." + Sql.quote(c) + " + EXCLUDED." + Sql.quote(c)).collect(Collectors.joining(", "));
  }

  private static String ordinals(int count) {
    return IntStream.rangeClosed(1, count).mapToObj(Integer::toString).collect(Collectors.joining(", "));
  }

  /** Prepares the statement for a session. */
  PreparedStatement prepare(Connection connection) throws SQLException {
    PreparedStatement statement = connection.prepareStatement(sql);
    TableShape.bindCheck(statement, target);
    return statement;
  }

  /**
   * Sums the records from {@code from} to {@code to} that {@code included} takes, stores the totals, if there are aggregates, and commits.
   *
   * @throws SQLException with state 22003 also for a total that leaves 64 bits here
   */
  void addAndCommit(Connection connection, PreparedStatement statement, Chunk chunk, int from, int to, IntPredicate included)
      throws SQLException {
    try {
      if (!totals.isEmpty()) {
        sum(chunk, from, to, included);
      }
    } catch (ArithmeticException e) {
      throw new SQLException("a total of the chunk does not fit into 64 bits", "22003", e);
    }
    int parameter = TableShape.CHECK_PARAMETERS + 1;
    PGConnection arrays = connection.unwrap(PGConnection.class);
    for (int i = 0; i < totals.size(); i++) {
      GroupTotals total = totals.get(i);
      // the shard's parameter stands before the arrays' in the text: SELECT comes before FROM
      statement.setInt(parameter++, shard);
      for (Object column : total.keyColumns(groupTypes.get(i))) {
        statement.setArray(parameter++, array(arrays, column));
      }
      if (total.aggregate.count() != null) {
        statement.setArray(parameter++, array(arrays, total.counts()));
      }
      for (int s = 0; s < total.aggregate.sums().size(); s++) {
        statement.setArray(parameter++, array(arrays, total.sums(s)));
      }
    }
    statement.execute();
  }

  private static Array array(PGConnection connection, Object values) throws SQLException {
    return connection.createArrayOf(values instanceof long[] ? "int8" : "text", values);
  }

  private void sum(Chunk chunk, int from, int to, IntPredicate included) {
    CopyBuffer rows = chunk.rows();
    totals.forEach(GroupTotals::clear);
    for (int record = from; record < to; record++) {
      if (chunk.isDead(record) || !included.test(record)) {
        continue;
      }
      int at = chunk.start(record) + 2;
      for (int field = 0; field < columns; field++) {
        fieldAt[field] = at;
        at += 4 + Math.max(0, rows.readInt(at));
      }
      for (GroupTotals total : totals) {
        total.add(rows, fieldAt);
      }
    }
  }
}
