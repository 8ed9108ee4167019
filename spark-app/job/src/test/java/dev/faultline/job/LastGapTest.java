package dev.faultline.job;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.faultline.postgres.OffsetGapException;
import org.junit.jupiter.api.Test;

class LastGapTest {
  private final LastGap last = new LastGap();

  private boolean stays(int partition, long nextOffset, long ranMs) {
    return last.stays(new OffsetGapException("t", partition, nextOffset, nextOffset + 5, false), ranMs);
  }

  @Test
  void aGapThatTheNextQueryMeetsAgainStays() {
    assertFalse(stays(0, 7, 60_000));
    assertTrue(stays(0, 7, 2_000));
    assertTrue(stays(0, 7, LastGap.PASSED_MS));
  }

  @Test
  void anotherPlaceIsAnotherGap() {
    assertFalse(stays(0, 7, 0));
    assertFalse(stays(1, 7, 0));
    assertFalse(stays(1, 8, 0));
  }

  @Test
  void aQueryThatHadPassedThePlaceWasBroughtBackThere() {
    assertFalse(stays(0, 7, 0));
    assertFalse(stays(0, 7, LastGap.PASSED_MS + 1));
    assertTrue(stays(0, 7, 0));
  }
}
