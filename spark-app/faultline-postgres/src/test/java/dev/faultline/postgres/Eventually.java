package dev.faultline.postgres;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.concurrent.Callable;

/** Waits for what another thread does. */
final class Eventually {
  private static final long DEADLINE_NANOS = 20_000_000_000L;

  private Eventually() {
  }

  static void equal(Object expected, Callable<?> actual) throws Exception {
    long deadline = System.nanoTime() + DEADLINE_NANOS;
    while (!expected.equals(actual.call()) && System.nanoTime() < deadline) {
      Thread.sleep(5);
    }
    assertEquals(expected, actual.call());
  }
}
