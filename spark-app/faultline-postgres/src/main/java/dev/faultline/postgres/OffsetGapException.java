package dev.faultline.postgres;

/** The offered record is not the next one of its partition. The records between are missing, and the sink never skips records. */
public final class OffsetGapException extends RuntimeException {
  private final String topic;
  private final int partition;
  private final long nextOffset;
  private final boolean insideLog;

  /**
   * @param nextOffset the offset that the sink expected
   * @param offset the offset that it got
   * @param insideLog whether the gap is between two records that the source gave to one task
   */
  public OffsetGapException(String topic, int partition, long nextOffset, long offset, boolean insideLog) {
    super("offset gap in " + topic + "/" + partition + ": expected " + nextOffset + ", got " + offset + (insideLog
        ? "; the topic has no record between them (transactions or compaction), or several tasks read this partition"
        : "; the query reads from an offset after the next_offset in sink_offsets"));
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

  /** True if a retry from {@code sink_offsets} would meet the same gap. */
  public boolean insideLog() {
    return insideLog;
  }
}
