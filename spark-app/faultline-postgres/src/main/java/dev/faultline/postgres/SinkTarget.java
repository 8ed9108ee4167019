package dev.faultline.postgres;

import java.io.Serializable;
import java.util.List;

/**
 * The table that the rows go to, and the columns that the sink writes.
 *
 * @param target the name in {@code sink_offsets}; the default is the table's name
 * @param table the table's name, as the user wrote it
 * @param pgTable the table, as pg_catalog describes it
 * @param columns the written columns, in the encoder's order
 * @param identity the unique key among {@code columns}; empty if there is none
 * @param shape what each chunk compares: {@link TableShape}
 * @param aggregates the running totals, which the same transaction updates
 */
public record SinkTarget(String target, String table, PgTable pgTable, List<PgColumn> columns, List<String> identity,
    String shape, List<Aggregate> aggregates) implements Serializable {

  List<String> columnNames() {
    return columns.stream().map(PgColumn::name).toList();
  }

  int columnIndex(String name) {
    return columnNames().indexOf(name);
  }
}
