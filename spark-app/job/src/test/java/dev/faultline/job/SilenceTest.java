package dev.faultline.job;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

class SilenceTest {
  private final Silence silence = new Silence(3_500, 1_000);

  /** Looks every 250 ms, as the driver does, from one time to another. */
  private List<String> look(long fromMs, long toMs) {
    for (long now = fromMs; now < toMs; now += 250) {
      List<String> silent = silence.look(now);
      if (!silent.isEmpty()) {
        return List.of(now + " " + String.join(",", silent));
      }
    }
    return List.of();
  }

  @Test
  void tellsAnExecutorWhoseHeartbeatsStop() {
    silence.added("0");
    silence.added("1");
    for (long now = 0; now < 10_000; now += 1_000) {
      silence.heard("1", now);
      if (now < 2_000) {
        silence.heard("0", now);
      }
      List<String> silent = look(now, now + 1_000);
      if (!silent.isEmpty()) {
        assertEquals(List.of("4500 0"), silent);
        return;
      }
    }
    throw new AssertionError("nobody was silent");
  }

  @Test
  void tellsItOnceAndForgetsOneThatIsGone() {
    silence.added("0");
    silence.heard("0", 0);
    assertEquals(List.of("3500 0"), look(0, 5_000));
    assertEquals(List.of(), look(5_000, 20_000));
    silence.heard("0", 20_000);
    assertEquals(List.of(), look(20_000, 30_000));
    silence.added("1");
    silence.heard("1", 30_000);
    silence.removed("1");
    assertEquals(List.of(), look(30_000, 40_000));
  }

  /** On a busy machine a JVM that has registered needs seconds until its first heartbeat. */
  @Test
  void waitsForTheFirstHeartbeat() {
    silence.added("0");
    assertEquals(List.of(), look(0, 20_000));
    silence.heard("0", 20_000);
    assertEquals(List.of("23500 0"), look(20_000, 30_000));
  }

  /** SIGSTOP of the driver for 8 s: nobody was heard, and nobody is to blame. */
  @Test
  void blamesNobodyAfterItsOwnPause() {
    for (String executor : List.of("0", "1")) {
      silence.added(executor);
      silence.heard(executor, 0);
    }
    assertEquals(List.of(), look(0, 1_000));
    assertEquals(List.of(), silence.look(9_000));
    silence.heard("1", 9_300);
    assertEquals(List.of(), look(9_250, 12_500));
    // one that was frozen as well is found a whole time later
    assertEquals(List.of("12500 0"), look(12_500, 12_750));
  }
}
