package dev.faultline.postgres;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class LeaseWatchTest {
  private final LeaseWatch watch = new LeaseWatch();

  private boolean look(String sign, double askedS, double answeredS) {
    watch.look(sign, (long) (askedS * 1e9), (long) (answeredS * 1e9));
    return watch.standsStill();
  }

  private boolean looks(String sign, double fromS, double toS) {
    boolean still = false;
    for (double s = fromS; s <= toS; s += 0.25) {
      still = look(sign, s, s + 0.01);
    }
    return still;
  }

  @Test
  void takesFourSecondsWithoutASign() {
    assertFalse(looks("a", 0, 4));
    assertTrue(look("a", 4.02, 4.03));
    assertFalse(look("b", 4.1, 4.2));
    assertFalse(looks("b", 4.25, 8.2));
    assertTrue(look("b", 8.25, 8.26));
  }

  @Test
  void isFreshForTwoSecondsAfterASign() {
    looks("a", 0, 1.75);
    assertTrue(watch.isFresh());
    looks("a", 2, 2.25);
    assertFalse(watch.isFresh());
    look("b", 2.5, 2.51);
    assertTrue(watch.isFresh());
  }

  @Test
  void watchesAlsoForTheFirstSign() {
    assertTrue(looks(null, 0, 4.25));
  }

  @Test
  void beginsAgainAfterATimeInWhichItSawNothing() {
    assertFalse(looks("a", 0, 3.5));
    // its own process, its connection or the server hung
    assertFalse(look("a", 3.75, 5.5));
    assertFalse(looks("a", 5.5, 9.4));
    assertTrue(look("a", 9.6, 9.7));
  }
}
