package dev.faultline.postgres;

import java.sql.SQLException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * Keeps connections open for the next micro-batch or epoch of their partition, because a new connection costs more than
 * a small batch. The pool keeps at most one connection per partition and generation, for {@link #IDLE_MS}.
 */
final class SessionPool {
  private static final long IDLE_MS = 30_000;

  private record Key(String address, SinkTarget target, String topic, int partition, long generation, String holder,
      SinkTimeouts timeouts) {
  }

  private record Idle(SinkSession session, long sinceNanos) {
  }

  private static final Map<Key, Idle> IDLE = new ConcurrentHashMap<>();
  private static final ScheduledExecutorService SWEEPER = Executors.newSingleThreadScheduledExecutor(task -> {
    Thread thread = new Thread(task, "faultline-session-sweeper");
    thread.setDaemon(true);
    return thread;
  });

  static {
    SWEEPER.scheduleWithFixedDelay(SessionPool::sweep, IDLE_MS, IDLE_MS / 3, TimeUnit.MILLISECONDS);
  }

  private SessionPool() {
  }

  private static Key key(SinkPlan plan, int partition) {
    return new Key(plan.address().toString(), plan.target(), plan.topic(), partition, plan.generation(), plan.holder(), plan.timeouts());
  }

  static SinkSession take(SinkPlan plan, int partition) throws SQLException {
    Idle idle = IDLE.remove(key(plan, partition));
    if (idle != null && idle.session().isUsable()) {
      return idle.session();
    }
    return new SinkSession(plan, partition);
  }

  static void give(SinkPlan plan, int partition, SinkSession session) {
    try {
      session.rollback();
    } catch (SQLException e) {
      session.close();
      return;
    }
    Idle old = IDLE.put(key(plan, partition), new Idle(session, System.nanoTime()));
    if (old != null) {
      old.session().close();
    }
  }

  private static void sweep() {
    long now = System.nanoTime();
    IDLE.forEach((key, idle) -> {
      if (now - idle.sinceNanos() > IDLE_MS * 1_000_000 && IDLE.remove(key, idle)) {
        idle.session().close();
      }
    });
  }
}
