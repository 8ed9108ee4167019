package dev.faultline.postgres;

import java.io.Serializable;
import java.util.List;
import java.util.Map;

/**
 * A table of running totals. It has one row per group and shard.
 *
 * @param windowField the timestamp column whose values are rounded down to {@code windowMicros}; null if there is no window
 * @param windowColumn the aggregate's column that stores the start of the window
 * @param groupBy columns of the target; they have the same names in the aggregate's table
 * @param count the column that counts rows; null if there is none
 * @param sums maps a column of the target to the column of its total
 */
public record Aggregate(PgTable table, String windowField, long windowMicros, String windowColumn, List<String> groupBy,
    String count, Map<String, String> sums) implements Serializable {
  static final String SHARD = "shard";
}
