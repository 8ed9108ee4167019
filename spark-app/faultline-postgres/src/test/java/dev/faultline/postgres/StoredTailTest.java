package dev.faultline.postgres;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class StoredTailTest {
  /** Rows with a null, an empty field and one of so many bytes; every seventh record is malformed. */
  private static Chunk chunk(long from, long to, int size) {
    Chunk chunk = new Chunk();
    for (long offset = from; offset < to; offset++) {
      byte[] value = bytes("value " + offset);
      chunk.append(offset, bytes("key " + offset), value, offset, (Long record, CopyBuffer out) -> {
        if (record % 7 == 0) {
          throw new MalformedRecordException("reason " + record);
        }
        out.putFieldCount(4);
        out.putInt8(record);
        out.putNull();
        out.putBytes(value, 0, 0);
        byte[] filler = new byte[size];
        Arrays.fill(filler, (byte) record.longValue());
        out.putBytes(filler, 0, size);
      });
    }
    return chunk;
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static void assertSame(Chunk expected, StoredTail tail, long from, long to, int most) {
    long at = from;
    while (at < to) {
      Chunk read = new Chunk();
      tail.read(at, to, most, read);
      assertTrue(read.count() > 0 && read.count() <= most && read.isRestored());
      for (int record = 0; record < read.count(); record++, at++) {
        int other = (int) (at - expected.offset(0));
        assertEquals(at, read.offset(record));
        assertEquals(expected.reason(other), read.reason(record));
        if (expected.isDead(other)) {
          assertArrayEquals(expected.key(other), read.key(record));
          assertArrayEquals(expected.value(other), read.value(record));
        } else {
          assertArrayEquals(Arrays.copyOfRange(expected.rows().bytes(), expected.start(other), expected.end(other)),
              Arrays.copyOfRange(read.rows().bytes(), read.start(record), read.end(record)));
        }
      }
    }
    assertEquals(to, at);
  }

  @Test
  void givesBackEveryRangeByteForByte() {
    StoredTail tail = new StoredTail(64_000_000);
    Chunk all = chunk(100, 3_100, 300);
    for (long from = 100; from < 3_100; from += 500) {
      tail.add(chunk(from, from + 500, 300), 500);
    }
    assertEquals(3_100, tail.end());
    assertSame(all, tail, 100, 3_100, 700);
    assertSame(all, tail, 101, 3_099, 5_000);
    assertSame(all, tail, 1_777, 1_778, 1);
  }

  @Test
  void keepsARowThatIsLargerThanASlab() {
    StoredTail tail = new StoredTail(64_000_000);
    Chunk all = chunk(1, 6, 1_000_000);
    tail.add(all, 5);
    assertSame(all, tail, 1, 6, 100);
  }

  @Test
  void doesNotKeepTheBytesOfARowThatTheServerRefused() {
    Chunk all = chunk(1, 6, 10);
    all.kill(2, "PostgreSQL 23514");
    StoredTail tail = new StoredTail(1_000_000);
    tail.add(all, 5);
    assertSame(all, tail, 1, 6, 100);
  }

  @Test
  void takesWhatItHasOnlyOnceAndForgetsAllBehindAGap() {
    StoredTail tail = new StoredTail(1_000_000);
    tail.add(chunk(0, 10, 10), 10);
    tail.add(chunk(5, 15, 10), 7);
    assertEquals(12, tail.end());
    tail.add(chunk(0, 3, 10), 3);
    assertSame(chunk(0, 20, 10), tail, 0, 12, 5);
    assertFalse(tail.covers(0, 13));
    tail.add(chunk(13, 20, 10), 7);
    assertFalse(tail.covers(0, 12));
    assertTrue(tail.covers(13, 20));
  }

  @Test
  void isBounded() {
    StoredTail tail = new StoredTail(1_000_000);
    for (long from = 0; from < 100_000; from += 1_000) {
      tail.add(chunk(from, from + 1_000, 100), 1_000);
    }
    assertTrue(tail.covers(95_000, 100_000));
    assertFalse(tail.covers(90_000, 100_000));
    assertSame(chunk(90_000, 100_000, 100), tail, 95_500, 100_000, 999);
  }

  @Test
  void keepsNothingIfItMayNot() {
    StoredTail tail = new StoredTail(0);
    tail.add(chunk(0, 10, 10), 10);
    assertEquals(-1, tail.end());
  }
}
