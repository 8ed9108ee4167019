package dev.faultline.job;

import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** Where the job's loop sleeps: it wakes when something has changed, and when somebody asks the job to stop. */
final class StopSignal {
  private final Semaphore changes = new Semaphore(0);
  private volatile boolean asked;

  /** Asks the job to stop; from any thread. */
  void ask() {
    asked = true;
    wake();
  }

  boolean isAsked() {
    return asked;
  }

  void wake() {
    changes.release();
  }

  /** Sleeps until something changes, at most for {@code ms}. True if the job must stop. */
  boolean await(long ms) throws InterruptedException {
    if (!asked) {
      changes.tryAcquire(ms, TimeUnit.MILLISECONDS);
      changes.drainPermits();
    }
    return asked;
  }
}
