package dev.faultline.postgres;

/** The record offered is not the next one of its partition: records between are missing, and are never skipped. */
public final class OffsetGapException extends RuntimeException {
  private final String topic;
  private final int partition;
  private final long nextOffset;
  private final boolean insideLog;

  /**
   * @param nextOffset the offset that had to come next
   * @param offset the offset that came
   * @param insideLog whether the source itself left offsets out between two records of one task
   */
  public OffsetGapException(String topic, int partition, long nextOffset, long offset, boolean insideLog) {
    super("offset gap in " + topic + "/" + partition + ": expected " + nextOffset + ", got " + offset + (insideLog
        ? "; the log itself has no record between (a transactional or compacted topic, or one partition read by several tasks)"
        : "; sink_offsets is behind the position the query reads from"));
    this.topic = topic;
    this.partition = partition;
    this.nextOffset = nextOffset;
    this.insideLog = insideLog;
  }

  public String topic() {
    return topic;
  }

  public int partition() {
    return partition;
  }

  public long nextOffset() {
    return nextOffset;
  }

  /** True if reading again from {@code sink_offsets} must meet the same gap. */
  public boolean insideLog() {
    return insideLog;
  }
}
