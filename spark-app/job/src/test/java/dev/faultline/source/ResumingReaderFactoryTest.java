package dev.faultline.source;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class ResumingReaderFactoryTest {
  @Test
  void leavesOutWhatIsStored() {
    assertEquals(150, ResumingReaderFactory.restFrom(100, Long.MAX_VALUE, 150));
  }

  @Test
  void neverBeginsBeforeItsRangeOrBehindIt() {
    assertEquals(100, ResumingReaderFactory.restFrom(100, 200, 40));
    assertEquals(200, ResumingReaderFactory.restFrom(100, 200, 250));
  }

  @Test
  void readsTheWholeRangeIfNobodyKnowsWhatIsStored() {
    assertEquals(100, ResumingReaderFactory.restFrom(100, 200, -1));
  }

  @Test
  void leavesOffsetsAloneThatStandForTheLogsEnds() {
    assertEquals(-2, ResumingReaderFactory.restFrom(-2, -1, 50));
    assertEquals(50, ResumingReaderFactory.restFrom(10, -1, 50));
  }
}
