package dev.faultline.postgres;

import java.io.Serializable;
import java.util.List;
import java.util.Map;

/**
 * A table of running totals, one row per group and shard.
 *
 * @param windowField timestamp that is cut down to {@code windowMicros}; null for none
 * @param windowColumn where the window's start goes
 * @param groupBy columns of the target, of the same name in the aggregate's table
 * @param count column that counts rows; null for none
 * @param sums column of the target to column of the total
 */
public record Aggregate(PgTable table, String windowField, long windowMicros, String windowColumn, List<String> groupBy,
    String count, Map<String, String> sums) implements Serializable {
  static final String SHARD = "shard";
}
