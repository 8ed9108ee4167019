package dev.faultline.postgres;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.sql.SQLException;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class BackoffTest {
  private static final SQLException REFUSED = new SQLException("refused", "08001");

  private static List<Long> waits(Backoff backoff, long... triedMs) {
    return LongStream.of(triedMs).map(backoff::nextWaitMs).boxed().toList();
  }

  @Test
  void aServerThatRefusesAtOnceIsTriedAgainSoonHoweverLongItIsDown() {
    assertEquals(List.of(50L, 100L, 200L, 200L, 200L), waits(new Backoff(60_000), 0, 3, 3, 3, 3));
  }

  @Test
  void triesThatTookLongAreFurtherApart() {
    assertEquals(List.of(50L, 100L, 200L, 400L, 800L, 1_000L, 1_000L), waits(new Backoff(60_000), 0, 1_000, 1_000, 1_000, 1_000, 1_000, 1_000));
  }

  /** A container that stops is silent first; then the new one refuses until its server is up. */
  @Test
  void aSilentServerThatBeginsToRefuseIsTriedAgainSoon() {
    Backoff backoff = new Backoff(60_000);
    waits(backoff, 0, 5_000, 5_000, 5_000, 5_000, 5_000);
    assertEquals(Backoff.SOON_MS, backoff.nextWaitMs(3));
  }

  @Test
  void measuresTheTryItself() {
    Backoff backoff = new Backoff(60_000);
    for (int i = 0; i < 6; i++) {
      backoff.pause("connecting", REFUSED);
    }
    long start = System.nanoTime();
    backoff.pause("connecting", REFUSED);
    assertTrue((System.nanoTime() - start) / 1_000_000 >= Backoff.SOON_MS / 2);
  }

  @Test
  void givesUpAtItsDeadlineAndBeginsAgainAfterASuccess() {
    Backoff backoff = new Backoff(60);
    SinkUnavailableException end = assertThrows(SinkUnavailableException.class, () -> {
      while (true) {
        backoff.pause("storing", REFUSED);
      }
    });
    assertEquals(REFUSED, end.getCause());
    backoff.reset();
    backoff.pause("storing", REFUSED);
  }

  @Test
  void onlyTheFirstOfManyFailuresIsNews() {
    Backoff backoff = new Backoff(60_000);
    assertTrue(backoff.isNews());
    assertFalse(backoff.isNews());
    backoff.reset();
    assertTrue(backoff.isNews());
  }
}
