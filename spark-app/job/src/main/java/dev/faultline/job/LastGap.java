package dev.faultline.job;

import dev.faultline.postgres.OffsetGapException;

/**
 * Tells a gap that reading again from sink_offsets heals from one that stays. A partition begins at its next_offset, so a gap that stays is met
 * again as soon as the next query reads. A query that ran for longer had passed that place, and lost commits, as by a failover, brought it back there.
 */
final class LastGap {
  /** Longer than a query needs from its start to the first record of each partition. */
  static final long PASSED_MS = 30_000;

  private String place = "";

  /**
   * Remembers the gap.
   *
   * @param ranMs how long the query lived that met it
   * @return true if the query before met the same one
   */
  boolean stays(OffsetGapException gap, long ranMs) {
    String before = ranMs > PASSED_MS ? "" : place;
    place = gap.topic() + "/" + gap.partition() + "@" + gap.nextOffset();
    return place.equals(before);
  }
}
