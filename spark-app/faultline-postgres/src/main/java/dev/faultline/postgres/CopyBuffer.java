package dev.faultline.postgres;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * A buffer of rows in the format that {@code COPY ... (FORMAT binary)} reads. A row is a 16-bit count of fields. Each
 * field follows as its 32-bit length (-1 is null) and its bytes, all big-endian. https://www.postgresql.org/docs/18/sql-copy.html, "Binary Format".
 */
public final class CopyBuffer {
  static final byte[] HEADER = {'P', 'G', 'C', 'O', 'P', 'Y', '\n', (byte) 0xff, '\r', '\n', 0, 0, 0, 0, 0, 0, 0, 0, 0};
  static final byte[] TRAILER = {(byte) 0xff, (byte) 0xff};

  private static final VarHandle SHORT = MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.BIG_ENDIAN);
  private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);
  private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

  private byte[] bytes = new byte[64 * 1024];
  private int length;

  public int length() {
    return length;
  }

  byte[] bytes() {
    return bytes;
  }

  /** Drops everything after {@code length}. A caller undoes a half-encoded row with it. */
  public void truncate(int length) {
    this.length = length;
  }

  void ensure(int more) {
    if (bytes.length - length < more) {
      bytes = Arrays.copyOf(bytes, Math.max(Math.addExact(length, more), (int) Math.min(Integer.MAX_VALUE - 8L, bytes.length * 2L)));
    }
  }

  void putFieldCount(int count) {
    ensure(2);
    SHORT.set(bytes, length, (short) count);
    length += 2;
  }

  void putNull() {
    ensure(4);
    INT.set(bytes, length, -1);
    length += 4;
  }

  void putBoolean(boolean value) {
    ensure(5);
    INT.set(bytes, length, 1);
    bytes[length + 4] = (byte) (value ? 1 : 0);
    length += 5;
  }

  void putInt2(int value) {
    ensure(6);
    INT.set(bytes, length, 2);
    SHORT.set(bytes, length + 4, (short) value);
    length += 6;
  }

  void putInt4(int value) {
    ensure(8);
    INT.set(bytes, length, 4);
    INT.set(bytes, length + 4, value);
    length += 8;
  }

  void putInt8(long value) {
    ensure(12);
    INT.set(bytes, length, 8);
    LONG.set(bytes, length + 4, value);
    length += 12;
  }

  void putFloat4(float value) {
    putInt4(Float.floatToIntBits(value));
  }

  void putFloat8(double value) {
    putInt8(Double.doubleToLongBits(value));
  }

  void putBytes(byte[] value, int from, int to) {
    ensure(4 + to - from);
    INT.set(bytes, length, to - from);
    System.arraycopy(value, from, bytes, length + 4, to - from);
    length += 4 + to - from;
  }

  /** jsonb_recv takes a version byte, 1, before the text. */
  void putJsonb(byte[] text, int from, int to) {
    ensure(5 + to - from);
    INT.set(bytes, length, 1 + to - from);
    bytes[length + 4] = 1;
    System.arraycopy(text, from, bytes, length + 5, to - from);
    length += 5 + to - from;
  }

  void putRaw(byte[] source, int from, int to) {
    ensure(to - from);
    System.arraycopy(source, from, bytes, length, to - from);
    length += to - from;
  }

  void putRawShort(int value) {
    ensure(2);
    SHORT.set(bytes, length, (short) value);
    length += 2;
  }

  /** UTF-16 to UTF-8, in place. */
  void putText(char[] chars, int from, int count) throws MalformedRecordException {
    ensure(4 + 3 * count);
    int start = length;
    int at = start + 4;
    byte[] out = bytes;
    int end = from + count;
    for (int i = from; i < end; i++) {
      char c = chars[i];
      if (c < 0x80) {
        if (c == 0) {
          throw new MalformedRecordException("text has the character U+0000, which PostgreSQL can't store");
        }
        out[at++] = (byte) c;
      } else if (c < 0x800) {
        out[at++] = (byte) (0xc0 | c >> 6);
        out[at++] = (byte) (0x80 | c & 0x3f);
      } else if (!Character.isSurrogate(c)) {
        out[at++] = (byte) (0xe0 | c >> 12);
        out[at++] = (byte) (0x80 | c >> 6 & 0x3f);
        out[at++] = (byte) (0x80 | c & 0x3f);
      } else {
        if (!Character.isHighSurrogate(c) || i + 1 == end || !Character.isLowSurrogate(chars[i + 1])) {
          throw new MalformedRecordException("text has half a surrogate pair, which is no character");
        }
        int codePoint = Character.toCodePoint(c, chars[++i]);
        out[at++] = (byte) (0xf0 | codePoint >> 18);
        out[at++] = (byte) (0x80 | codePoint >> 12 & 0x3f);
        out[at++] = (byte) (0x80 | codePoint >> 6 & 0x3f);
        out[at++] = (byte) (0x80 | codePoint & 0x3f);
      }
    }
    INT.set(out, start, at - start - 4);
    length = at;
  }

  int readInt(int at) {
    return (int) INT.get(bytes, at);
  }

  short readShort(int at) {
    return (short) SHORT.get(bytes, at);
  }

  long readLong(int at) {
    return (long) LONG.get(bytes, at);
  }
}
