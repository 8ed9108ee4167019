package dev.faultline.job;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;

/**
 * Tells when tasks that had to leave their home should go back there. In Real-time Mode a task stays for minutes where it is, so the query must start again.
 * In micro-batches each batch begins where it belongs.
 */
final class HomeMove {
  private final boolean hasHome;
  private final Supplier<List<String>> executorsAtHome;
  /** One move for each executor: if the tasks do not get there, another one would not help. */
  private final Set<String> moved = new HashSet<>();

  /** @param hasHome whether there are workers where the tasks should be */
  HomeMove(boolean hasHome, Supplier<List<String>> executorsAtHome) {
    this.hasHome = hasHome;
    this.executorsAtHome = executorsAtHome;
  }

  /** Whether no task is at home. @param executors where the tasks run */
  boolean isAway(Set<String> executors) {
    return hasHome && executorsAtHome.get().stream().noneMatch(executors::contains);
  }

  /** Whether all tasks are away, and there is an executor at home. It may be cold: the tasks load what they need while they stand by. */
  boolean isDue(Set<String> executors) {
    return !executors.isEmpty() && isAway(executors) && !moved.containsAll(executorsAtHome.get());
  }

  /** Called before a move. */
  void begin() {
    moved.addAll(executorsAtHome.get());
  }
}
