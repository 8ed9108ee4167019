package dev.faultline.job;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class IdlenessTest {
  private final Idleness idleness = new Idleness(5_000, 3);

  @BeforeEach
  void twoExecutorsOneWithATask() {
    idleness.added("0", 0);
    idleness.added("1", 100);
    idleness.started(7, "0", 1_000);
  }

  @Test
  void anExecutorWithoutATaskHasARoundWhenNothingChangesAnyMore() {
    assertFalse(idleness.isRoundDue(5_900));
    assertTrue(idleness.isRoundDue(6_000));
    idleness.started(8, "1", 6_100);
    idleness.ended(8);
    assertFalse(idleness.isRoundDue(60_000));
  }

  @Test
  void oneThatRoundsPassOverHasThreeWithPauses() {
    assertTrue(idleness.isRoundDue(6_000));
    assertFalse(idleness.isRoundDue(6_500));
    assertTrue(idleness.isRoundDue(11_000));
    assertTrue(idleness.isRoundDue(16_000));
    assertFalse(idleness.isRoundDue(60_000));
  }

  @Test
  void aRoundThatCameToNothingDoesNotCount() {
    for (long now = 6_000; now <= 56_000; now += 5_000) {
      assertTrue(idleness.isRoundDue(now), now + " ms");
      idleness.takeBack();
    }
  }

  @Test
  void tasksOfMicroBatchesDoNotPutTheRoundOff() {
    for (long now = 1_000; now < 6_000; now += 100) {
      idleness.started(now, "0", now);
      idleness.ended(now - 100);
    }
    assertTrue(idleness.isRoundDue(6_000));
  }

  @Test
  void aQueryThatDoesNotRunIsNotRehearsed() {
    idleness.ended(7);
    assertFalse(idleness.isRoundDue(60_000));
  }

  @Test
  void nobodyRehearsesWhenAllHaveHadTasksOrTheIdleOneIsGone() {
    idleness.removed("1", 2_000);
    assertFalse(idleness.isRoundDue(60_000));
    idleness.added("2", 70_000);
    assertFalse(idleness.isRoundDue(74_000));
    assertTrue(idleness.isRoundDue(75_000));
  }
}
