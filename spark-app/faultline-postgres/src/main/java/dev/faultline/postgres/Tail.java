package dev.faultline.postgres;

import java.util.ArrayDeque;

/**
 * The records of one partition that a standby has read and that nobody has stored yet, as far as it knows: consecutive
 * offsets, bounded in count and bytes. Not thread-safe.
 */
final class Tail<R> {
  static final int MAX_RECORDS = 10_000;
  static final int MAX_BYTES = 8 * 1024 * 1024;
  /** What a record takes beside its bytes: the entry, the arrays' headers. */
  private static final int OVERHEAD_BYTES = 100;

  record Entry<R>(long offset, byte[] key, byte[] value, R record, int bytes) {
  }

  private final ArrayDeque<Entry<R>> entries = new ArrayDeque<>();
  private final String topic;
  private final int partition;
  private long bytes;
  /** Offset of the next record to take; -1 before the first. */
  private long next = -1;
  /** Records before it are stored: the largest next_offset that the database has told. */
  private long stored = -1;

  Tail(String topic, int partition) {
    this.topic = topic;
    this.partition = partition;
  }

  boolean isFull() {
    return entries.size() >= MAX_RECORDS || bytes >= MAX_BYTES;
  }

  int size() {
    return entries.size();
  }

  boolean isEmpty() {
    return entries.isEmpty();
  }

  /**
   * Takes one record, or drops it if it is stored. Only a record after all kept ones can be dropped here, and only
   * after {@link #trim} has dropped those: so what is kept never has a hole.
   *
   * @return the entry that is kept; null if the record is dropped
   * @throws OffsetGapException if {@code offset} does not follow the previous offset
   */
  Entry<R> add(long offset, byte[] key, byte[] value, R record, int recordBytes) {
    if (next >= 0 && offset != next) {
      throw new OffsetGapException(topic, partition, next, offset, true);
    }
    next = offset + 1;
    if (offset < stored) {
      return null;
    }
    Entry<R> entry = new Entry<>(offset, key, value, record, recordBytes + (key == null ? 0 : key.length) + OVERHEAD_BYTES);
    entries.add(entry);
    bytes += entry.bytes();
    return entry;
  }

  /** Drops the records before {@code nextOffset}, which are stored. */
  void trim(long nextOffset) {
    // a database that went back is no reason to keep less; the gap is found when this driver writes
    stored = nextOffset;
    while (!entries.isEmpty() && entries.peek().offset() < nextOffset) {
      poll();
    }
  }

  /** The oldest record, removed; null if there is none. */
  Entry<R> poll() {
    Entry<R> entry = entries.poll();
    bytes -= entry == null ? 0 : entry.bytes();
    return entry;
  }
}
