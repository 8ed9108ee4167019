package dev.faultline.postgres;

import java.util.Locale;
import java.util.Set;

/** The types of a pipeline's fields. Each type lists the PostgreSQL column types that the sink can write it to. */
public enum FieldType {
  INT("int4", "int8", "numeric"),
  BIGINT("int8", "numeric"),
  FLOAT("float8"),
  DECIMAL("numeric"),
  BOOLEAN("bool"),
  TEXT("text", "varchar", "bpchar"),
  TIMESTAMP("timestamptz"),
  DATE("date"),
  BINARY("bytea"),
  JSON("jsonb", "json");

  private final Set<String> columnTypes;

  FieldType(String... columnTypes) {
    this.columnTypes = Set.of(columnTypes);
  }

  boolean fits(PgColumn column) {
    return columnTypes.contains(column.type());
  }

  /** @throws SinkConfigurationException if there is no such type */
  public static FieldType of(String name) {
    for (FieldType type : values()) {
      if (type.toString().equals(name)) {
        return type;
      }
    }
    throw new SinkConfigurationException("unknown field type: " + name);
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
