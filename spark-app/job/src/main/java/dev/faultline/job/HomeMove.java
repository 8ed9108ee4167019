package dev.faultline.job;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * Tells when tasks that had to leave their home should go back there. In Real-time Mode a task stays for minutes where it is, so the query must start again.
 * In micro-batches each batch begins where it belongs.
 */
final class HomeMove {
  /** An executor that dies again and again must not keep the driver from standing by elsewhere. */
  static final long AGAIN_NANOS = 20_000_000_000L;

  private final boolean hasHome;
  private final Supplier<List<String>> executorsAtHome;
  private final LongSupplier nanoTime;
  /** One move for each executor: if the tasks do not get there, another one would not help. */
  private final Set<String> moved = new HashSet<>();
  private long movedNanos;

  /** @param hasHome whether there are workers where the tasks should be */
  HomeMove(boolean hasHome, Supplier<List<String>> executorsAtHome, LongSupplier nanoTime) {
    this.hasHome = hasHome;
    this.executorsAtHome = executorsAtHome;
    this.nanoTime = nanoTime;
  }

  /** Whether a task is not at home. @param executors where the tasks run */
  boolean isAway(Set<String> executors) {
    return hasHome && !executorsAtHome.get().containsAll(executors);
  }

  /** Whether a move would help: tasks are away, and there is an executor at home. It may be cold: the tasks load what they need while they stand by. */
  boolean isDue(Set<String> executors) {
    return isAway(executors) && !moved.containsAll(executorsAtHome.get()) && (moved.isEmpty() || nanoTime.getAsLong() - movedNanos >= AGAIN_NANOS);
  }

  /** Whether it would help so much that an active driver should hand over for it. */
  boolean allAreAway(Set<String> executors) {
    return isDue(executors) && executorsAtHome.get().stream().noneMatch(executors::contains);
  }

  /** Called before a move. */
  void begin() {
    moved.addAll(executorsAtHome.get());
    movedNanos = nanoTime.getAsLong();
  }
}
