package dev.faultline.job;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * Which executors have had no task yet, while others are at work. Thread-safe. Times are those of {@link System#nanoTime()}, in milliseconds.
 */
final class Idleness {
  private final long settledMs;
  private final int rounds;
  /** The executors without a task so far, and in how many rounds they have been passed over. */
  private final Map<String, Integer> idle = new HashMap<>();
  private final Set<Long> tasks = new HashSet<>();
  private long changedMs;

  /**
   * @param settledMs how long nothing must have changed: a query that starts gives its tasks out, and has the processor first
   * @param rounds how often an executor is worth a round
   */
  Idleness(long settledMs, int rounds) {
    this.settledMs = settledMs;
    this.rounds = rounds;
  }

  synchronized void added(String executor, long nowMs) {
    idle.put(executor, 0);
    changedMs = nowMs;
  }

  synchronized void removed(String executor, long nowMs) {
    idle.remove(executor);
    changedMs = nowMs;
  }

  synchronized void started(long task, String executor, long nowMs) {
    tasks.add(task);
    // a task where there was one before is no news: in micro-batches one begins several times a second
    if (idle.remove(executor) != null) {
      changedMs = nowMs;
    }
  }

  synchronized void ended(long task) {
    tasks.remove(task);
  }

  /** Whether a round of work is due now, because an executor has had none; it counts as one. */
  synchronized boolean isRoundDue(long nowMs) {
    if (tasks.isEmpty() || nowMs - changedMs < settledMs) {
      return false;
    }
    boolean due = false;
    for (Map.Entry<String, Integer> executor : idle.entrySet()) {
      if (executor.getValue() < rounds) {
        executor.setValue(executor.getValue() + 1);
        due = true;
      }
    }
    changedMs = nowMs;
    return due;
  }

  /** The round came to nothing, and does not count. */
  synchronized void takeBack() {
    idle.replaceAll((executor, had) -> Math.max(0, had - 1));
  }
}
