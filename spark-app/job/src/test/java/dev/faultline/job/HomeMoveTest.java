package dev.faultline.job;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class HomeMoveTest {
  private final List<String> atHome = new ArrayList<>();
  private long nowNanos = 5;
  private final HomeMove move = new HomeMove(true, () -> atHome, () -> nowNanos);

  @Test
  void isDueWhenTasksAreAwayAndAnExecutorIsAtHome() {
    assertFalse(move.isDue(Set.of("0")), "nobody is at home");
    assertTrue(move.isAway(Set.of("0")));
    atHome.add("3");
    assertTrue(move.isDue(Set.of("0")));
    assertTrue(move.isDue(Set.of("0", "3")));
    assertTrue(move.isAway(Set.of("0", "3")));
    assertFalse(move.isDue(Set.of("3")));
    assertFalse(move.isAway(Set.of("3")));
    assertFalse(move.isDue(Set.of()), "there is nothing to move");
  }

  @Test
  void disturbsTheActiveDriverOnlyIfAllAreAway() {
    assertFalse(move.allAreAway(Set.of("0")), "nobody is at home");
    atHome.add("3");
    assertTrue(move.allAreAway(Set.of("0")));
    assertFalse(move.allAreAway(Set.of("0", "3")));
    assertFalse(move.allAreAway(Set.of()));
  }

  @Test
  void isDueOnceForEachExecutorAndNotAllTheTime() {
    atHome.add("3");
    move.begin();
    assertFalse(move.isDue(Set.of("0")));
    assertTrue(move.isAway(Set.of("0")));
    atHome.set(0, "5");
    assertFalse(move.isDue(Set.of("0")));
    nowNanos += HomeMove.AGAIN_NANOS;
    assertTrue(move.isDue(Set.of("0")));
  }

  @Test
  void neverKeepsADriverWithoutAHome() {
    HomeMove homeless = new HomeMove(false, List::of, () -> nowNanos);
    assertFalse(homeless.isDue(Set.of("0")));
    assertFalse(homeless.isAway(Set.of("0")));
    assertFalse(homeless.allAreAway(Set.of("0")));
  }
}
