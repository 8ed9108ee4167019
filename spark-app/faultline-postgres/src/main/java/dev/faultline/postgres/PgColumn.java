package dev.faultline.postgres;

import java.io.Serializable;

/**
 * A column, as pg_catalog describes it.
 *
 * @param type {@code pg_type.typname}
 * @param generated whether PostgreSQL computes it from other columns, so that it cannot be written
 * @param precision the precision of a numeric with a typmod, otherwise -1
 * @param scale the scale of a numeric with a typmod, otherwise -1
 */
public record PgColumn(String name, String type, boolean notNull, boolean filledByServer, boolean generated, int precision, int scale)
    implements Serializable {
}
