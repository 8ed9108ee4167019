package dev.faultline.postgres;

import java.io.Serializable;

/**
 * What sinks have done since they started. It may be a little less than what {@code sink_offsets} says: if the connection
 * is lost while a COMMIT is under way, the transaction may count in the table and not here.
 *
 * @param rows inserted rows
 * @param duplicates records whose row the table had already
 * @param chunks committed transactions
 * @param retries waits after a failure that may pass: a lost connection, a lock
 * @param rewound records that were stored again from memory, because the database had lost them
 * @param commitNanos how long the committed transactions took together, from BEGIN to the answer to COMMIT
 */
record SinkTotals(long rows, long duplicates, long deadLetters, long chunks, long retries, long rewound, long commitNanos) implements Serializable {
  static final SinkTotals NONE = new SinkTotals(0, 0, 0, 0, 0, 0, 0);

  SinkTotals plus(SinkTotals other) {
    return new SinkTotals(rows + other.rows, duplicates + other.duplicates, deadLetters + other.deadLetters, chunks + other.chunks,
        retries + other.retries, rewound + other.rewound, commitNanos + other.commitNanos);
  }
}
