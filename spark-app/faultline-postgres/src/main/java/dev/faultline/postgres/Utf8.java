package dev.faultline.postgres;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Strict UTF-8 (RFC 3629: no overlong forms, no surrogates). Jackson's decoder lets some of those pass. */
final class Utf8 {
  private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.nativeOrder());
  private static final long HIGH_BITS = 0x8080808080808080L;

  private Utf8() {
  }

  static boolean isValid(byte[] bytes) {
    int at = 0;
    int end = bytes.length;
    while (at < end) {
      if (end - at >= 8 && ((long) LONG.get(bytes, at) & HIGH_BITS) == 0) {
        at += 8;
        continue;
      }
      int size = sizeAt(bytes, at, end);
      if (size == 0) {
        return false;
      }
      at += size;
    }
    return true;
  }

  /** Refuses what is longer than a varchar takes: PostgreSQL drops blanks there without a word. @param text valid UTF-8 */
  static void checkLength(PgColumn column, byte[] text, int from, int to) throws MalformedRecordException {
    if (column.type().equals("varchar") && column.precision() >= 0 && to - from > column.precision()) {
      int characters = 0;
      for (int at = from; at < to; at++) {
        characters += (text[at] & 0xc0) == 0x80 ? 0 : 1;
      }
      if (characters > column.precision()) {
        throw new MalformedRecordException(column.name() + " has more than " + column.precision() + " characters");
      }
    }
  }

  /** Bytes of the character at {@code at}, or 0 if there is none. */
  private static int sizeAt(byte[] bytes, int at, int end) {
    int lead = bytes[at] & 0xff;
    if (lead < 0x80) {
      return 1;
    }
    if (lead < 0xc2 || lead > 0xf4) {
      return 0;
    }
    int size = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    if (end - at < size) {
      return 0;
    }
    for (int i = 1; i < size; i++) {
      if ((bytes[at + i] & 0xc0) != 0x80) {
        return 0;
      }
    }
    int second = bytes[at + 1] & 0xff;
    boolean bad = lead == 0xe0 && second < 0xa0 || lead == 0xed && second > 0x9f
        || lead == 0xf0 && second < 0x90 || lead == 0xf4 && second > 0x8f;
    return bad ? 0 : size;
  }
}
