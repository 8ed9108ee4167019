package dev.faultline.postgres;

import java.util.Arrays;

/** Records of consecutive offsets that one transaction will store. Each record is an encoded row or a dead letter. */
final class Chunk {
  private final CopyBuffer rows = new CopyBuffer();
  private long firstOffset;
  private int count;
  private boolean restored;
  private int[] starts = new int[1024];
  private byte[][] keys = new byte[1024][];
  private byte[][] values = new byte[1024][];
  private String[] reasons = new String[1024];

  /** Encodes and keeps one record; a malformed one is kept as a dead letter. */
  <R> void append(long offset, byte[] key, byte[] value, R record, RecordEncoder<R> encoder) {
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
    count++;
  }

  void clear() {
    Arrays.fill(keys, 0, count, null);
    Arrays.fill(values, 0, count, null);
    Arrays.fill(reasons, 0, count, null);
    count = 0;
    restored = false;
  }

  /** Whether it was read from a {@link StoredTail}, so that a row in it cannot become a dead letter. */
  boolean isRestored() {
    return restored;
  }

  int count() {
    return count;
  }

  int bytes() {
    return count == 0 ? 0 : rows.length();
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
