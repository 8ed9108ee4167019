package dev.faultline.source;

import java.io.IOException;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.connector.metric.CustomTaskMetric;
import org.apache.spark.sql.connector.read.PartitionReader;
import org.apache.spark.sql.connector.read.streaming.PartitionOffset;
import org.apache.spark.sql.connector.read.streaming.SupportsRealTimeRead;

/** A reader that waits for a record in steps, and looks between them whether the task should go on. In Real-time Mode Spark's own waits for a whole epoch. */
final class WatchedReader implements SupportsRealTimeRead<InternalRow> {
  /** Each step costs a poll and two questions for offsets. */
  static final long STEP_MS = 2_000;

  private final SupportsRealTimeRead<InternalRow> reader;
  private final Runnable check;

  private WatchedReader(SupportsRealTimeRead<InternalRow> reader, Runnable check) {
    this.reader = reader;
    this.check = check;
  }

  /** @param check throws if the task should end */
  static PartitionReader<InternalRow> of(PartitionReader<InternalRow> reader, Runnable check) {
    return reader instanceof SupportsRealTimeRead<InternalRow> lasting ? new WatchedReader(lasting, check) : reader;
  }

  /** @param startMs the time now @param timeoutMs how long to wait from then on */
  @Override
  public RecordStatus nextWithTimeout(Long startMs, Long timeoutMs) throws IOException {
    for (long doneMs = 0;; doneMs += STEP_MS) {
      boolean isLast = timeoutMs - doneMs <= STEP_MS;
      RecordStatus status = reader.nextWithTimeout(startMs + doneMs, isLast ? timeoutMs - doneMs : STEP_MS);
      if (status.hasRecord() || isLast) {
        return status;
      }
      check.run();
    }
  }

  @Override
  public boolean next() throws IOException {
    return reader.next();
  }

  @Override
  public InternalRow get() {
    return reader.get();
  }

  @Override
  public PartitionOffset getOffset() {
    return reader.getOffset();
  }

  @Override
  public CustomTaskMetric[] currentMetricsValues() {
    return reader.currentMetricsValues();
  }

  @Override
  public void close() throws IOException {
    reader.close();
  }
}
