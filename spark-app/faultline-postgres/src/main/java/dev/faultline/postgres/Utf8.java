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
