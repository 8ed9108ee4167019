package dev.faultline.postgres;

/**
 * Ends a query that makes dead letters of most of its records: a table that has changed, or a topic of other content, is somebody's mistake, and not bad data.
 * It counts over the last thousand to two thousand records of a partition, so a short burst of bad ones is no reason. It outlives the writers, which end with each micro-batch. Thread-safe.
 */
final class RejectionLimit {
  static final int WINDOW = 1_000;

  private long settled;
  private long rejected;

  /** @param maxRatio 1 for no limit @throws SinkConfigurationException if too many are rejected with the dead letters among these records, which are about to be stored */
  synchronized void check(double maxRatio, String name, Chunk chunk, int from, int to) {
    int dead = chunk.deadBetween(from, to);
    if (maxRatio >= 1 || dead == 0 || chunk.isRestored()) {
      return;
    }
    long records = settled + to - from;
    if (rejected + dead > maxRatio * Math.max(records, WINDOW)) {
      throw new SinkConfigurationException(name + ": " + (rejected + dead) + " of " + records + " records in a row were rejected, more than option maxRejectedRatio="
          + maxRatio + " allows; one reason: " + chunk.firstReason(from, to));
    }
  }

  /** These records are stored. */
  synchronized void settled(Chunk chunk, int from, int to) {
    if (chunk.isRestored()) {
      // counted when it was stored the first time
      return;
    }
    if (settled >= 2 * WINDOW) {
      rejected = rejected * WINDOW / settled;
      settled = WINDOW;
    }
    settled += to - from;
    rejected += chunk.deadBetween(from, to);
  }
}
