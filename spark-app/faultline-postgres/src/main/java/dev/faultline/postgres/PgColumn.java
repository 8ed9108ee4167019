package dev.faultline.postgres;

import java.io.Serializable;

/**
 * A column as pg_catalog has it.
 *
 * @param type {@code pg_type.typname}
 * @param precision of a numeric with a typmod, else -1
 * @param scale of a numeric with a typmod, else -1
 */
public record PgColumn(String name, String type, boolean notNull, boolean filledByServer, int precision, int scale)
    implements Serializable {
}
