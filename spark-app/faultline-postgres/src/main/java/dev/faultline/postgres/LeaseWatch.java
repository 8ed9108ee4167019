package dev.faultline.postgres;

import java.util.Objects;

/**
 * Finds out whether the holder of the right gives no sign of life: from looks of one session, by this process's own clock. A time in
 * which this process, its connection or the server hung says nothing about the holder, so it starts the watch again.
 */
final class LeaseWatch {
  /** A holder renews every second. */
  static final long STANDSTILL_NANOS = 4_000_000_000L;
  static final long FRESH_NANOS = 2_000_000_000L;
  static final long MAX_BETWEEN_LOOKS_NANOS = 1_500_000_000L;

  private Object sign;
  private long unchangedSinceNanos;
  private long askedNanos;
  private long answeredNanos;
  private boolean looked;

  /**
   * @param seen anything that is different after each sign of life; null if there is nothing to see
   * @param asked when the question was sent, {@code answered} when its answer was there
   */
  void look(Object seen, long asked, long answered) {
    if (!looked || !Objects.equals(sign, seen) || answered - answeredNanos > MAX_BETWEEN_LOOKS_NANOS) {
      sign = seen;
      unchangedSinceNanos = answered;
    }
    looked = true;
    askedNanos = asked;
    answeredNanos = answered;
  }

  /** Whether there was a sign of life a moment ago, or the watch has only just begun. */
  boolean isFresh() {
    return looked && answeredNanos - unchangedSinceNanos < FRESH_NANOS;
  }

  boolean standsStill() {
    return looked && askedNanos - unchangedSinceNanos >= STANDSTILL_NANOS;
  }
}
