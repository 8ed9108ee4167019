package dev.faultline.postgres;

import java.math.BigDecimal;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.UnsafeRow;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DecimalType;
import org.apache.spark.sql.types.StructType;

/** The values of a row as Spark keeps it, before it becomes objects of the user's. */
final class InternalRowValues implements RowValues {
  private final DataType[] types;
  private InternalRow row;

  InternalRowValues(StructType schema) {
    this.types = new DataType[schema.length()];
    for (int i = 0; i < types.length; i++) {
      types[i] = schema.apply(i).dataType();
    }
  }

  private InternalRowValues(DataType[] types, InternalRow row) {
    this.types = types;
    this.row = row;
  }

  /** The same values, to be kept: Spark uses the memory of a row again for the next one. */
  InternalRowValues copy() {
    return new InternalRowValues(types, row.copy());
  }

  /** About how much memory the row takes. */
  int bytes() {
    return row instanceof UnsafeRow unsafe ? 64 + unsafe.getSizeInBytes() : 64 * row.numFields();
  }

  InternalRowValues of(InternalRow row) {
    this.row = row;
    return this;
  }

  @Override
  public boolean isNull(int column) {
    return row.isNullAt(column);
  }

  @Override
  public boolean getBoolean(int column) {
    return row.getBoolean(column);
  }

  @Override
  public long getIntegral(int column) {
    return switch (types[column].typeName()) {
      case "byte" -> row.getByte(column);
      case "short" -> row.getShort(column);
      case "integer" -> row.getInt(column);
      default -> row.getLong(column);
    };
  }

  @Override
  public float getFloat(int column) {
    return row.getFloat(column);
  }

  @Override
  public double getDouble(int column) {
    return row.getDouble(column);
  }

  @Override
  public BigDecimal getDecimal(int column) {
    DecimalType type = (DecimalType) types[column];
    return row.getDecimal(column, type.precision(), type.scale()).toJavaBigDecimal();
  }

  @Override
  public byte[] getBinary(int column) {
    return row.getBinary(column);
  }

  @Override
  public long getMicros(int column) {
    return row.getLong(column);
  }

  @Override
  public int getDays(int column) {
    return row.getInt(column);
  }

  @Override
  public byte[] getText(int column) {
    return row.getUTF8String(column).getBytes();
  }
}
