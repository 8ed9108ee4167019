package dev.faultline.postgres;

import java.math.BigDecimal;
import java.util.List;
import java.util.Set;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DecimalType;
import org.apache.spark.sql.types.StructType;

/** Encodes one Spark row with typed columns into one binary row. */
final class TypedEncoder implements RecordEncoder<RowValues> {
  private final int[] indexes;
  private final String[] sparkTypes;
  private final PgColumn[] columns;

  /** @param indexes of the written columns in the input's schema, in the table columns' order */
  TypedEncoder(StructType schema, int[] indexes, List<PgColumn> columns) {
    this.indexes = indexes;
    this.columns = columns.toArray(new PgColumn[0]);
    this.sparkTypes = new String[indexes.length];
    for (int i = 0; i < indexes.length; i++) {
      sparkTypes[i] = kind(schema.apply(indexes[i]).dataType());
    }
  }

  private static String kind(DataType type) {
    return type instanceof DecimalType ? "decimal" : type.typeName();
  }

  /** @throws SinkConfigurationException if a Spark type can't go into a column without loss */
  static void check(String name, DataType type, PgColumn column) {
    Set<String> fits = switch (kind(type)) {
      case "byte", "short" -> Set.of("int2", "int4", "int8", "numeric");
      case "integer" -> Set.of("int4", "int8", "numeric");
      case "long" -> Set.of("int8", "numeric");
      case "float" -> Set.of("float4", "float8");
      case "double" -> Set.of("float8");
      case "decimal" -> Set.of("numeric");
      case "boolean" -> Set.of("bool");
      case "string" -> Set.of("text", "varchar", "bpchar", "jsonb", "json");
      case "timestamp" -> Set.of("timestamptz");
      case "timestamp_ntz" -> Set.of("timestamp");
      case "date" -> Set.of("date");
      case "binary" -> Set.of("bytea");
      default -> Set.of();
    };
    if (!fits.contains(column.type())) {
      throw new SinkConfigurationException("column " + name + ": Spark type " + type.sql() + " does not fit PostgreSQL type " + column.type());
    }
  }

  @Override
  public void encode(RowValues row, CopyBuffer out) throws MalformedRecordException {
    out.putFieldCount(indexes.length);
    for (int i = 0; i < indexes.length; i++) {
      if (!row.isNull(indexes[i])) {
        put(row, indexes[i], sparkTypes[i], columns[i], out);
      } else if (columns[i].notNull()) {
        throw new MalformedRecordException("null in " + columns[i].name());
      } else {
        out.putNull();
      }
    }
  }

  private static void put(RowValues row, int index, String sparkType, PgColumn column, CopyBuffer out) throws MalformedRecordException {
    switch (column.type()) {
      case "int2" -> out.putInt2((int) row.getIntegral(index));
      case "int4" -> out.putInt4((int) row.getIntegral(index));
      case "int8" -> out.putInt8(row.getIntegral(index));
      case "float4" -> out.putFloat4(row.getFloat(index));
      case "float8" -> out.putFloat8(sparkType.equals("float") ? row.getFloat(index) : row.getDouble(index));
      case "bool" -> out.putBoolean(row.getBoolean(index));
      case "numeric" -> {
        BigDecimal value = sparkType.equals("decimal") ? row.getDecimal(index) : BigDecimal.valueOf(row.getIntegral(index));
        DecimalText.put(out, column.name(), value, column.precision(), column.scale() == PgColumn.UNLIMITED ? value.scale() : column.scale());
      }
      case "timestamptz", "timestamp" -> IsoTime.putMicros(out, column, IsoTime.sincePostgresEpoch(row.getMicros(index)));
      case "date" -> IsoTime.putDay(out, column, row.getDays(index) - IsoTime.POSTGRES_EPOCH_DAY);
      case "bytea" -> {
        byte[] value = row.getBinary(index);
        out.putBytes(value, 0, value.length);
      }
      default -> {
        byte[] text = row.getText(index);
        checkText(text);
        Utf8.checkLength(column, text, 0, text.length);
        if (column.type().equals("jsonb")) {
          out.putJsonb(text, 0, text.length);
        } else {
          out.putBytes(text, 0, text.length);
        }
      }
    }
  }

  private static void checkText(byte[] text) throws MalformedRecordException {
    for (byte b : text) {
      if (b == 0) {
        throw new MalformedRecordException("text has the character U+0000, which PostgreSQL can't store");
      }
    }
    if (!Utf8.isValid(text)) {
      throw new MalformedRecordException("text is not UTF-8");
    }
  }
}
