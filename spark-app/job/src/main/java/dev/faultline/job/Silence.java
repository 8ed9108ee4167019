package dev.faultline.job;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Tells a silent executor from a driver that did not listen. A driver that was frozen or starved has heard nobody, and must not blame the
 * executors: if its own looks came late, every executor has its whole time again. An executor that has registered, but is still starting,
 * has no heartbeat to miss.
 *
 * <p>Not thread-safe: the caller's lock guards it. Times are those of {@link System#nanoTime()}, in milliseconds.
 */
final class Silence {
  private final long silenceMs;
  private final long lateMs;
  /** Null before the first heartbeat. */
  private final Map<String, Long> heardMs = new HashMap<>();
  private long lookedMs = -1;

  /**
   * @param silenceMs an executor that was not heard for so long is silent
   * @param lateMs a look that comes so long after the one before is late
   */
  Silence(long silenceMs, long lateMs) {
    this.silenceMs = silenceMs;
    this.lateMs = lateMs;
  }

  void added(String executor) {
    heardMs.put(executor, null);
  }

  /** A heartbeat; of an executor that was removed, it may be under way still. */
  void heard(String executor, long nowMs) {
    if (heardMs.containsKey(executor)) {
      heardMs.put(executor, nowMs);
    }
  }

  void removed(String executor) {
    heardMs.remove(executor);
  }

  /** The executors that are silent; each is told once. */
  List<String> look(long nowMs) {
    if (lookedMs >= 0 && nowMs - lookedMs >= lateMs) {
      heardMs.replaceAll((id, before) -> before == null ? null : nowMs);
    }
    lookedMs = nowMs;
    List<String> silent = new ArrayList<>();
    heardMs.forEach((id, before) -> {
      if (before != null && nowMs - before >= silenceMs) {
        silent.add(id);
      }
    });
    heardMs.keySet().removeAll(silent);
    return silent;
  }
}
