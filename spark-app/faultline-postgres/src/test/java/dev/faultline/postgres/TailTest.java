package dev.faultline.postgres;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class TailTest {
  private final Tail<String> tail = new Tail<>("t", 0);

  private void add(long from, long to) {
    for (long offset = from; offset < to; offset++) {
      tail.add(offset, null, null, "record " + offset, 10);
    }
  }

  @Test
  void keepsWhatIsNotStoredInOrder() {
    add(5, 10);
    tail.trim(7);
    assertEquals(3, tail.size());
    assertEquals(7, tail.poll().offset());
    tail.trim(20);
    assertNull(tail.poll());
    add(10, 22);
    assertEquals("record 20", tail.poll().record());
    assertEquals(21, tail.poll().offset());
    assertTrue(tail.isEmpty());
  }

  @Test
  void keepsEverythingAgainWhenTheDatabaseWentBack() {
    add(0, 10);
    tail.trim(10);
    tail.trim(4);
    add(10, 12);
    assertEquals(10, tail.poll().offset());
    assertEquals(11, tail.poll().offset());
  }

  @Test
  void refusesAHoleAlsoAmongStoredRecords() {
    tail.trim(100);
    add(0, 5);
    assertTrue(assertThrows(OffsetGapException.class, () -> add(6, 7)).insideLog());
  }

  @Test
  void isFullByRecordsOrBytes() {
    add(0, Tail.MAX_RECORDS - 1);
    assertFalse(tail.isFull());
    add(Tail.MAX_RECORDS - 1, Tail.MAX_RECORDS);
    assertTrue(tail.isFull());
    tail.trim(Tail.MAX_RECORDS);
    assertFalse(tail.isFull());
    tail.add(Tail.MAX_RECORDS, new byte[Tail.MAX_BYTES], null, "", 0);
    assertTrue(tail.isFull());
    tail.poll();
    assertFalse(tail.isFull());
  }
}
