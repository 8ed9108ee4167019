package dev.faultline.postgres;

import com.codahale.metrics.Gauge;
import com.codahale.metrics.MetricRegistry;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;

/** Counts what all sinks of this JVM do. It costs a few additions per chunk, none per row. */
final class SinkMetrics {
  private static final LongAdder ROWS = new LongAdder();
  private static final LongAdder DUPLICATES = new LongAdder();
  private static final LongAdder DEAD_LETTERS = new LongAdder();
  private static final LongAdder CHUNKS = new LongAdder();
  private static final LongAdder RETRIES = new LongAdder();
  private static final LongAdder REWOUND = new LongAdder();
  private static final LongAdder COMMIT_NANOS = new LongAdder();

  private SinkMetrics() {
  }

  /** A transaction was committed that began at {@code startNanos}. */
  static void committed(int rows, int duplicates, int deadLetters, long startNanos) {
    ROWS.add(rows);
    DUPLICATES.add(duplicates);
    DEAD_LETTERS.add(deadLetters);
    CHUNKS.increment();
    COMMIT_NANOS.add(System.nanoTime() - startNanos);
  }

  static void retried() {
    RETRIES.increment();
  }

  /** So many records were stored again from memory. */
  static void rewound(long records) {
    REWOUND.add(records);
  }

  static SinkTotals totals() {
    return new SinkTotals(ROWS.sum(), DUPLICATES.sum(), DEAD_LETTERS.sum(), CHUNKS.sum(), RETRIES.sum(), REWOUND.sum(), COMMIT_NANOS.sum());
  }

  /** Registers a gauge per total; docs/metrics.md has their names. */
  static void register(MetricRegistry registry, Supplier<SinkTotals> totals) {
    registry.register("rows_total", (Gauge<Long>) () -> totals.get().rows());
    registry.register("duplicate_events_total", (Gauge<Long>) () -> totals.get().duplicates());
    registry.register("dead_letters_total", (Gauge<Long>) () -> totals.get().deadLetters());
    registry.register("chunks_total", (Gauge<Long>) () -> totals.get().chunks());
    registry.register("retries_total", (Gauge<Long>) () -> totals.get().retries());
    registry.register("rewound_total", (Gauge<Long>) () -> totals.get().rewound());
    registry.register("commit_seconds_total", (Gauge<Double>) () -> totals.get().commitNanos() / 1e9);
  }
}
