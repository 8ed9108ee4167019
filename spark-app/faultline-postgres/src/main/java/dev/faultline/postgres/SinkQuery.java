package dev.faultline.postgres;

import java.io.Serializable;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.types.StructType;

/**
 * A checked sink for rows of one schema. Both front ends send it to their executors.
 *
 * @param fields the declared members of the value; null if the rows have typed columns
 * @param chunkMs the longest time a record waits for its transaction, in Real-time Mode
 */
record SinkQuery(SinkPlan plan, RowLayout layout, List<Field> fields, int chunkMs) implements Serializable {

  /** @throws SinkConfigurationException at the first error, before any record is read */
  static SinkQuery of(Map<String, String> given, Map<String, String> environment, StructType schema) {
    SinkOptions options = new SinkOptions(given, environment);
    RowLayout layout = RowLayout.of(schema, options);
    List<Field> fields = options.fields();
    List<String> names = fields == null ? layout.typedNames() : fields.stream().map(Field::name).toList();
    try {
      SinkTarget target = TargetReader.read(options.address(), options.timeouts(), options.target(), options.table(), names,
          (index, column) -> {
            if (fields == null) {
              TypedEncoder.check(column.name(), schema.apply(layout.typed()[index]).dataType(), column);
            } else {
              check(fields.get(index), column);
            }
          }, options.aggregates(), options.allowsTriggers());
      return new SinkQuery(new SinkPlan(options.address(), options.timeouts(), target, options.topic(), options.generation(),
          options.holder(), options.chunkRows(), options.commits()), layout, fields, options.chunkMs());
    } catch (SQLException e) {
      throw new SinkUnavailableException("the sink cannot query PostgreSQL at " + options.address() + ": " + e.getMessage(), e);
    }
  }

  private static void check(Field field, PgColumn column) {
    if (!field.type().fits(column)) {
      throw new SinkConfigurationException("column " + column.name() + ": field type " + field.type() + " does not fit PostgreSQL type " + column.type());
    }
    if (field.nullable() && column.notNull()) {
      throw new SinkConfigurationException("column " + column.name() + " is NOT NULL, but its field may be null");
    }
  }

  JsonEncoder jsonEncoder() {
    return new JsonEncoder(fields, plan.target().columns());
  }

  TypedEncoder typedEncoder() {
    return new TypedEncoder(layout.schema(), layout.typed(), plan.target().columns());
  }
}
