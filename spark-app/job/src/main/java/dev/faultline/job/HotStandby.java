package dev.faultline.job;

import dev.faultline.postgres.DriverRight;
import dev.faultline.postgres.SinkClaim;
import java.sql.SQLException;
import java.util.UUID;
import org.apache.spark.sql.SparkSession;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One start of the query with {@code --standby} in Real-time Mode. The query runs all the time. Its writers wait before
 * a gate until this driver has the right to write and has claimed the table. A driver that loses the right waits again, with the same query.
 *
 * <p>It asks for the right only when it is ready to use it, and gives the right back when its query fails: so the right is
 * never with a driver that gets ready while another one is.
 */
final class HotStandby {
  private static final Logger LOG = LoggerFactory.getLogger(HotStandby.class);
  /** With too few task slots for all partitions, some partitions are better than none. */
  private static final long ALL_TASKS_NANOS = 10_000_000_000L;

  private final JobSetup setup;

  HotStandby(JobSetup setup) {
    this.setup = setup;
  }

  /** Returns when the job must stop. @throws Exception that ended the query */
  void run(SparkSession spark) throws Exception {
    String holder = UUID.randomUUID().toString();
    SinkClaim preview = setup.table().preview(holder);
    setup.status().claimed(holder, 0);
    try (LiveQuery query = new LiveQuery(setup, spark, preview, setup.stop()::wake)) {
      boolean complete = awaitTasks(query);
      if (setup.stop().isAsked()) {
        return;
      }
      try (DriverRight right = new DriverRight(setup.address(), setup.pipeline().table(), setup.topic(), setup.arguments().driverName(), holder,
          setup.stop()::wake)) {
        while (!setup.stop().isAsked()) {
          complete |= query.runningTasks() >= setup.pipeline().partitions();
          follow(right, holder, complete);
          StandbyChecks.check(setup, query, right);
          setup.status().beat();
          setup.stop().await(500);
        }
      }
    }
  }

  /** True when each partition has a task. */
  private boolean awaitTasks(LiveQuery query) throws Exception {
    long sinceNanos = System.nanoTime();
    while (query.runningTasks() < setup.pipeline().partitions()) {
      if (query.runningTasks() > 0 && System.nanoTime() - sinceNanos > ALL_TASKS_NANOS) {
        return false;
      }
      query.check();
      setup.status().beat();
      if (setup.stop().await(50)) {
        return false;
      }
    }
    return true;
  }

  private void follow(DriverRight right, String holder, boolean complete) {
    switch (right.state()) {
      case ASKING -> {
      }
      case WAITING -> {
        if (complete && !setup.status().is(JobState.STANDBY)) {
          setup.status().write(JobState.STANDBY, null);
        }
      }
      case HELD -> {
        switch (right.claimState()) {
          case NONE, GONE -> claim(right, holder);
          case TAKEN -> throw StandbyChecks.taken(setup);
          case VALID -> {
          }
        }
      }
    }
  }

  private void claim(DriverRight right, String holder) {
    try {
      SinkClaim claim = setup.table().take(right);
      setup.status().claimed(holder, claim.generation());
      setup.status().write(JobState.RUNNING, null);
    } catch (SQLException e) {
      // the right's own thread finds out whether this driver still has it
      LOG.warn("the claim failed: {} ({})", e.getMessage(), e.getSQLState());
    }
  }
}
