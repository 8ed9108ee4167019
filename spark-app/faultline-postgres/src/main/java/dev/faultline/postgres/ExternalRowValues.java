package dev.faultline.postgres;

import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.sql.Date;
import java.sql.Timestamp;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.Arrays;
import org.apache.spark.sql.Row;

/** The values of a row that Spark hands to a ForeachWriter. */
final class ExternalRowValues implements RowValues {
  private Row row;

  RowValues of(Row row) {
    this.row = row;
    return this;
  }

  /** About how much memory the row's values take. */
  int bytes() {
    int bytes = 0;
    for (int column = 0; column < row.length(); column++) {
      Object value = row.get(column);
      bytes += value instanceof String text ? 40 + 2 * text.length() : value instanceof byte[] binary ? 16 + binary.length : 24;
    }
    return bytes;
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
    return ((Number) row.get(column)).longValue();
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
    return row.getDecimal(column);
  }

  @Override
  public byte[] getBinary(int column) {
    return (byte[]) row.get(column);
  }

  @Override
  public long getMicros(int column) {
    Object value = row.get(column);
    // which class it is depends on spark.sql.datetime.java8API.enabled
    Instant instant = value instanceof Timestamp timestamp ? timestamp.toInstant()
        : value instanceof LocalDateTime local ? local.toInstant(ZoneOffset.UTC) : (Instant) value;
    return Math.addExact(Math.multiplyExact(instant.getEpochSecond(), 1_000_000), instant.getNano() / 1000);
  }

  @Override
  public int getDays(int column) {
    Object value = row.get(column);
    return (int) (value instanceof Date date ? date.toLocalDate() : (LocalDate) value).toEpochDay();
  }

  @Override
  public byte[] getText(int column) throws MalformedRecordException {
    try {
      ByteBuffer utf8 = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(row.getString(column)));
      return Arrays.copyOf(utf8.array(), utf8.limit());
    } catch (CharacterCodingException e) {
      throw new MalformedRecordException("text has half a surrogate pair, which is no character");
    }
  }
}
