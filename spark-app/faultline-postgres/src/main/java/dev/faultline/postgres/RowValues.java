package dev.faultline.postgres;

import java.math.BigDecimal;

/** The values of one Spark row. It hides which of Spark's two kinds of row it is. */
interface RowValues {
  boolean isNull(int column);

  boolean getBoolean(int column);

  /** byte, short, int and long alike. */
  long getIntegral(int column);

  float getFloat(int column);

  double getDouble(int column);

  BigDecimal getDecimal(int column);

  byte[] getBinary(int column);

  /** Microseconds since 1970: UTC for a timestamp, local for one without a time zone. */
  long getMicros(int column);

  /** Days since 1970. */
  int getDays(int column);

  /** UTF-8. */
  byte[] getText(int column) throws MalformedRecordException;
}
