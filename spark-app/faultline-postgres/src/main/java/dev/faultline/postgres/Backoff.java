package dev.faultline.postgres;

import java.util.concurrent.ThreadLocalRandom;

/**
 * Waits between retries, with jitter. A server that is down, starting or not the primary says so at once, and such a try costs next to
 * nothing: the next one waits 50 ms at first, then doubles up to {@link #SOON_MS}, so that rows flow soon after the server's first moment.
 * After a try that took long (a time-out, a frozen server) the wait doubles up to {@link #LATER_MS}. The deadline starts with the first failure.
 */
final class Backoff {
  static final long FIRST_MS = 50;
  static final long SOON_MS = 200;
  static final long LATER_MS = 1_000;
  /** A try that failed within this time was cheap. */
  static final long CHEAP_MS = 500;
  /** A line in the log for each retry would be hundreds per minute. */
  private static final long LINE_MS = 5_000;

  private final long deadlineMs;
  private long firstFailureNanos = -1;
  private long triedSinceNanos = -1;
  private long lastLineNanos = -1;
  private long delayMs = FIRST_MS;

  Backoff(long deadlineMs) {
    this.deadlineMs = deadlineMs;
  }

  void reset() {
    firstFailureNanos = -1;
    triedSinceNanos = -1;
    lastLineNanos = -1;
    delayMs = FIRST_MS;
  }

  /** Whether this failure is worth a line in the log: the first one is, then one every five seconds. */
  boolean isNews() {
    long now = System.nanoTime();
    if (lastLineNanos >= 0 && now - lastLineNanos < LINE_MS * 1_000_000) {
      return false;
    }
    lastLineNanos = now;
    return true;
  }

  /** @throws SinkUnavailableException when the deadline has passed or the thread is interrupted */
  void pause(String what, Exception cause) {
    long now = System.nanoTime();
    firstFailureNanos = firstFailureNanos < 0 ? now : firstFailureNanos;
    if ((now - firstFailureNanos) / 1_000_000 >= deadlineMs) {
      throw new SinkUnavailableException(what + " failed for " + deadlineMs + " ms, so the sink stops retrying: " + cause.getMessage(), cause);
    }
    long waitMs = nextWaitMs(triedSinceNanos < 0 ? 0 : (now - triedSinceNanos) / 1_000_000);
    try {
      Thread.sleep(waitMs / 2 + ThreadLocalRandom.current().nextLong(waitMs / 2 + 1));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SinkUnavailableException(what + " was interrupted", cause);
    }
    triedSinceNanos = System.nanoTime();
  }

  /**
   * The longest next wait; half of it is the shortest.
   *
   * @param triedMs how long the last try took until it failed
   */
  long nextWaitMs(long triedMs) {
    long longestMs = triedMs < CHEAP_MS ? SOON_MS : LATER_MS;
    long waitMs = Math.min(delayMs, longestMs);
    delayMs = Math.min(longestMs, waitMs * 2);
    return waitMs;
  }
}
