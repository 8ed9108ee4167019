package dev.faultline.postgres;

import java.io.Serializable;
import java.util.List;

/**
 * A column, as pg_catalog describes it.
 *
 * @param type {@code pg_type.typname}
 * @param generated whether PostgreSQL computes it from other columns, so that it cannot be written
 * @param deterministic whether its collation, if it has one, takes only equal texts for equal
 * @param precision of a numeric with a typmod, or the most characters of a varchar; otherwise -1
 * @param scale of a numeric with a typmod, which may be negative; or the digits of a timestamp's second; {@link #UNLIMITED} without a typmod
 */
public record PgColumn(String name, String type, boolean notNull, boolean filledByServer, boolean generated, boolean deterministic, int precision, int scale)
    implements Serializable {
  /** No digit is lost, whatever the value has. */
  public static final int UNLIMITED = Integer.MAX_VALUE;

  /** Whether equal values have equal bytes in the binary format. Padded text and numerics of different scale have not. */
  boolean equalByBytes() {
    return !type.equals("bpchar") && !type.equals("numeric");
  }

  /** Whether each value of the other column stays what it is in this one. */
  boolean holds(PgColumn other) {
    List<String> integers = List.of("int2", "int4", "int8");
    return type.equals(other.type) && precision == other.precision && scale == other.scale
        || integers.contains(other.type) && integers.indexOf(type) > integers.indexOf(other.type);
  }

  /** What a typmod says: numeric.c make_numeric_typmod, varchar.c, timestamp.c. */
  static PgColumn of(String name, String type, boolean notNull, boolean filledByServer, boolean generated, boolean deterministic, int typmod) {
    return switch (type) {
      case "numeric" -> new PgColumn(name, type, notNull, filledByServer, generated, deterministic, typmod < 4 ? -1 : ((typmod - 4) >> 16) & 0xffff,
          typmod < 4 ? UNLIMITED : (((typmod - 4) & 0x7ff) ^ 1024) - 1024);
      case "varchar" -> new PgColumn(name, type, notNull, filledByServer, generated, deterministic, typmod < 4 ? -1 : typmod - 4, UNLIMITED);
      case "timestamp", "timestamptz" -> new PgColumn(name, type, notNull, filledByServer, generated, deterministic, -1, typmod < 0 ? UNLIMITED : typmod);
      default -> new PgColumn(name, type, notNull, filledByServer, generated, deterministic, -1, UNLIMITED);
    };
  }
}
