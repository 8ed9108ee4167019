package dev.faultline.postgres;

import java.util.concurrent.ThreadLocalRandom;

/** Waits between retries: 50 ms at first, then doubled up to 2 s, with jitter. The deadline starts with the first failure. */
final class Backoff {
  private final long deadlineMs;
  private long firstFailureNanos = -1;
  private long delayMs = 50;

  Backoff(long deadlineMs) {
    this.deadlineMs = deadlineMs;
  }

  void reset() {
    firstFailureNanos = -1;
    delayMs = 50;
  }

  /** @throws SinkUnavailableException when the deadline has passed or the thread is interrupted */
  void pause(String what, Exception cause) {
    long now = System.nanoTime();
    firstFailureNanos = firstFailureNanos < 0 ? now : firstFailureNanos;
    if ((now - firstFailureNanos) / 1_000_000 >= deadlineMs) {
      throw new SinkUnavailableException(what + " failed for " + deadlineMs + " ms, so the sink stops retrying: " + cause.getMessage(), cause);
    }
    try {
      Thread.sleep(delayMs / 2 + ThreadLocalRandom.current().nextLong(delayMs / 2 + 1));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SinkUnavailableException(what + " was interrupted", cause);
    }
    delayMs = Math.min(2_000, delayMs * 2);
  }
}
