package dev.faultline.postgres;

import java.time.DateTimeException;
import java.time.LocalDate;

/** Converts ISO 8601 text to PostgreSQL's binary dates and times: days and microseconds since 2000-01-01. */
final class IsoTime {
  static final long POSTGRES_EPOCH_DAY = 10_957;
  private static final long[] POWERS = {1, 10, 100, 1_000, 10_000, 100_000, 1_000_000};
  private static final long DAY_MICROS = 86_400_000_000L;
  static final long POSTGRES_EPOCH_MICROS = POSTGRES_EPOCH_DAY * DAY_MICROS;

  /** What PostgreSQL can store, beside its two infinities: src/include/datatype/timestamp.h, MIN_TIMESTAMP, END_TIMESTAMP, DATETIME_MIN_JULIAN, DATE_END_JULIAN. */
  private static final long MIN_MICROS = -211_813_488_000_000_000L;
  private static final long END_MICROS = 9_223_371_331_200_000_000L;
  private static final long MIN_DAY = -2_451_545;
  private static final long END_DAY = 2_145_031_949;

  private IsoTime() {
  }

  /** Writes microseconds since 2000; refuses what PostgreSQL would take for infinite, can't store or would round. */
  static void putMicros(CopyBuffer out, PgColumn column, long micros) throws MalformedRecordException {
    if (micros < MIN_MICROS || micros >= END_MICROS) {
      throw new MalformedRecordException(column.name() + " is out of range");
    }
    if (column.scale() < 6 && micros % POWERS[6 - column.scale()] != 0) {
      throw new MalformedRecordException(column.name() + " has more than " + column.scale() + " digits after the second");
    }
    out.putInt8(micros);
  }

  /** Writes days since 2000; refuses what PostgreSQL would take for infinite or can't store. */
  static void putDay(CopyBuffer out, PgColumn column, long day) throws MalformedRecordException {
    if (day < MIN_DAY || day >= END_DAY) {
      throw new MalformedRecordException(column.name() + " is out of range");
    }
    out.putInt4((int) day);
  }

  /** Microseconds since 1970 to microseconds since 2000. */
  static long sincePostgresEpoch(long unixMicros) {
    // below the range anyway, where the difference would leave 64 bits
    return unixMicros < Long.MIN_VALUE + POSTGRES_EPOCH_MICROS ? Long.MIN_VALUE : unixMicros - POSTGRES_EPOCH_MICROS;
  }

  /** {@code YYYY-MM-DD} to days since 2000-01-01. */
  static int date(char[] text, int from, int count) throws MalformedRecordException {
    if (count != 10) {
      throw new MalformedRecordException("not a date");
    }
    return (int) (epochDay(text, from, "not a date") - POSTGRES_EPOCH_DAY);
  }

  /**
   * {@code YYYY-MM-DDTHH:MM:SS[.f]Z} or with an offset {@code +HH:MM}, to microseconds since 2000-01-01 UTC.
   * A seventh digit behind the point that is not 0 is refused: PostgreSQL would round it away.
   */
  static long timestamp(char[] text, int from, int count) throws MalformedRecordException {
    String bad = "not a timestamp";
    if (count < 20 || text[from + 10] != 'T' || text[from + 13] != ':' || text[from + 16] != ':') {
      throw new MalformedRecordException(bad);
    }
    int hour = two(text, from + 11, bad);
    int minute = two(text, from + 14, bad);
    int second = two(text, from + 17, bad);
    if (hour > 23 || minute > 59 || second > 59) {
      throw new MalformedRecordException(bad);
    }
    int at = from + 19;
    int end = from + count;
    long micros = 0;
    if (text[at] == '.') {
      at++;
      int digits = 0;
      for (; at < end && text[at] >= '0' && text[at] <= '9'; at++, digits++) {
        if (digits < 6) {
          micros = micros * 10 + (text[at] - '0');
        } else if (text[at] != '0') {
          throw new MalformedRecordException("timestamp finer than a microsecond");
        }
      }
      if (digits == 0) {
        throw new MalformedRecordException(bad);
      }
      for (; digits < 6; digits++) {
        micros *= 10;
      }
    }
    int offsetMinutes = offsetMinutes(text, at, end, bad);
    long days = epochDay(text, from, bad) - POSTGRES_EPOCH_DAY;
    return days * DAY_MICROS + ((hour * 60L + minute - offsetMinutes) * 60 + second) * 1_000_000 + micros;
  }

  private static int offsetMinutes(char[] text, int at, int end, String bad) throws MalformedRecordException {
    if (at + 1 == end && text[at] == 'Z') {
      return 0;
    }
    if (at + 6 != end || text[at + 3] != ':' || (text[at] != '+' && text[at] != '-')) {
      throw new MalformedRecordException(bad);
    }
    int hours = two(text, at + 1, bad);
    int minutes = two(text, at + 4, bad);
    if (hours > 18 || minutes > 59) {
      throw new MalformedRecordException(bad);
    }
    return (text[at] == '-' ? -1 : 1) * (hours * 60 + minutes);
  }

  private static long epochDay(char[] text, int from, String bad) throws MalformedRecordException {
    int year = two(text, from, bad) * 100 + two(text, from + 2, bad);
    // PostgreSQL has no year 0; ISO's year 0000 is 1 BC and no one means it
    if (text[from + 4] != '-' || text[from + 7] != '-' || year == 0) {
      throw new MalformedRecordException(bad);
    }
    try {
      return LocalDate.of(year, two(text, from + 5, bad), two(text, from + 8, bad)).toEpochDay();
    } catch (DateTimeException e) {
      throw new MalformedRecordException(bad);
    }
  }

  private static int two(char[] text, int at, String bad) throws MalformedRecordException {
    int tens = text[at] - '0';
    int ones = text[at + 1] - '0';
    if (tens < 0 || tens > 9 || ones < 0 || ones > 9) {
      throw new MalformedRecordException(bad);
    }
    return tens * 10 + ones;
  }
}
