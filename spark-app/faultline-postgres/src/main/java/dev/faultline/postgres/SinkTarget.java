package dev.faultline.postgres;

import java.io.Serializable;
import java.util.List;

/**
 * Which table the rows go to, and as what.
 *
 * @param target name in {@code sink_offsets}, by default the table's
 * @param table as written by the user
 * @param pgTable as pg_catalog has it
 * @param columns written, in the order that the encoder writes them
 * @param identity unique key among {@code columns}; empty if there is none
 * @param aggregates kept up to date in the same transaction
 */
public record SinkTarget(String target, String table, PgTable pgTable, List<PgColumn> columns, List<String> identity,
    List<Aggregate> aggregates) implements Serializable {

  List<String> columnNames() {
    return columns.stream().map(PgColumn::name).toList();
  }

  int columnIndex(String name) {
    return columnNames().indexOf(name);
  }
}
