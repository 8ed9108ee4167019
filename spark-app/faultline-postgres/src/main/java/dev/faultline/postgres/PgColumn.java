package dev.faultline.postgres;

import java.io.Serializable;

/**
 * A column, as pg_catalog describes it.
 *
 * @param type {@code pg_type.typname}
 * @param precision the precision of a numeric with a typmod, otherwise -1
 * @param scale the scale of a numeric with a typmod, otherwise -1
 */
public record PgColumn(String name, String type, boolean notNull, boolean filledByServer, int precision, int scale)
    implements Serializable {
}
