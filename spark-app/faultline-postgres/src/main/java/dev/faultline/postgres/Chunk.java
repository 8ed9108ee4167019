package dev.faultline.postgres;

import java.util.Arrays;

/** Records of consecutive offsets that one transaction will store. Each record is an encoded row or a dead letter. */
final class Chunk {
  /** Of the arrays' headers and entries, for each record. */
  private static final int OVERHEAD_BYTES = 60;

  private final CopyBuffer rows = new CopyBuffer();
  private long firstOffset;
  private int count;
  private boolean restored;
  /** Of keys, values and reasons: what is kept beside the encoded rows. */
  private long keptBytes;
  private int[] starts = new int[1024];
  private byte[][] keys = new byte[1024][];
  private byte[][] values = new byte[1024][];
  private String[] reasons = new String[1024];

  /** Encodes and keeps one record; a malformed one is kept as a dead letter. */
  <R> void append(long offset, byte[] key, byte[] value, R record, RecordEncoder<? super R> encoder) {
    begin(offset);
    int start = rows.length();
    String reason = null;
    try {
      encoder.encode(record, rows);
    } catch (MalformedRecordException e) {
      rows.truncate(start);
      reason = e.getMessage();
    }
    end(start, key, value, reason);
  }

  /** Keeps a row that was stored before. Its key and value are not known any more: {@link #isRestored()}. */
  void appendStored(long offset, byte[] source, int from, int to) {
    begin(offset);
    int start = rows.length();
    rows.putRaw(source, from, to);
    end(start, null, null, null);
    restored = true;
  }

  /** Keeps a dead letter that was stored before. */
  void appendDead(long offset, byte[] key, byte[] value, String reason) {
    begin(offset);
    end(rows.length(), key, value, reason);
    restored = true;
  }

  private void begin(long offset) {
    if (count == 0) {
      firstOffset = offset;
      rows.truncate(0);
    }
    if (count + 1 >= starts.length) {
      int capacity = starts.length * 2;
      starts = Arrays.copyOf(starts, capacity);
      keys = Arrays.copyOf(keys, capacity);
      values = Arrays.copyOf(values, capacity);
      reasons = Arrays.copyOf(reasons, capacity);
    }
  }

  private void end(int start, byte[] key, byte[] value, String reason) {
    starts[count] = start;
    starts[count + 1] = rows.length();
    keys[count] = key;
    values[count] = value;
    reasons[count] = reason;
    keptBytes += OVERHEAD_BYTES + (key == null ? 0 : key.length) + (value == null ? 0 : value.length) + (reason == null ? 0 : reason.length());
    count++;
  }

  void clear() {
    Arrays.fill(keys, 0, count, null);
    Arrays.fill(values, 0, count, null);
    Arrays.fill(reasons, 0, count, null);
    count = 0;
    keptBytes = 0;
    restored = false;
  }

  /** Whether it was read from a {@link StoredTail}, so that a row in it cannot become a dead letter. */
  boolean isRestored() {
    return restored;
  }

  int count() {
    return count;
  }

  /** What the chunk holds in memory: encoded rows, and the records that they were made of. */
  long bytes() {
    return count == 0 ? 0 : rows.length() + keptBytes;
  }

  CopyBuffer rows() {
    return rows;
  }

  long offset(int record) {
    return firstOffset + record;
  }

  int start(int record) {
    return starts[record];
  }

  int end(int record) {
    return starts[record + 1];
  }

  boolean isDead(int record) {
    return reasons[record] != null;
  }

  /** The server refused this row. Its bytes stay in the buffer, so writers must ask {@link #isDead}. */
  void kill(int record, String reason) {
    reasons[record] = reason;
  }

  String reason(int record) {
    return reasons[record];
  }

  /** Why the first dead letter among them is one; null if there is none. */
  String firstReason(int from, int to) {
    for (int record = from; record < to; record++) {
      if (isDead(record)) {
        return reasons[record];
      }
    }
    return null;
  }

  byte[] key(int record) {
    return keys[record];
  }

  byte[] value(int record) {
    return values[record];
  }

  int deadBetween(int from, int to) {
    int dead = 0;
    for (int i = from; i < to; i++) {
      dead += reasons[i] == null ? 0 : 1;
    }
    return dead;
  }
}
