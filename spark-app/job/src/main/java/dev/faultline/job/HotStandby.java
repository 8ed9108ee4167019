package dev.faultline.job;

import dev.faultline.postgres.DriverRight;
import dev.faultline.postgres.SinkClaim;
import dev.faultline.postgres.SinkProgress;
import dev.faultline.postgres.SinkTimeouts;
import java.sql.SQLException;
import java.util.UUID;
import org.apache.spark.sql.SparkSession;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One start of the query with {@code --standby}. The query runs all the time. Its writers wait before
 * a gate until this driver has the right to write and has claimed the table. A driver that loses the right waits again, with the same query.
 *
 * <p>If an executor dies under the active driver's tasks, and the other driver is ready, the right goes there: that one lost nothing, if its tasks have another
 * home. See {@link HomeMove}.
 *
 * <p>It asks for the right only when it is ready to use it, and gives the right back when its query fails: so the right is
 * never with a driver that gets ready while another one is.
 */
final class HotStandby {
  private static final Logger LOG = LoggerFactory.getLogger(HotStandby.class);
  /** If a partition does not get ready, as with too few task slots, the others are better than none. */
  private static final long ALL_PARTITIONS_NANOS = 15_000_000_000L;
  private static final String AWAY = "its tasks are not on the workers where they belong (--home-workers)";
  /** So long a worker may take to come back. */
  private static final long AWAY_NANOS = 30_000_000_000L;
  /** After a claim that failed: the database may be back at any moment. */
  private static final long CLAIM_AGAIN_MS = 100;

  private final JobSetup setup;
  private final HomeMove home;
  private final String holder = UUID.randomUUID().toString();
  /** Whether this driver could take over at once. */
  private boolean ready;
  /** Whether the status says that it could, but not from its home. */
  private boolean saysAway;
  /** Since when it could not, after it lost the right: its tasks begin anew then. */
  private long lostNanos;

  HotStandby(JobSetup setup, HomeMove home) {
    this.setup = setup;
    this.home = home;
  }

  /** @return whether another query should start at once; else the job must stop @throws Exception that ended the query */
  boolean run(SparkSession spark) throws Exception {
    setup.arguments().home().await(spark.sparkContext());
    SinkClaim start = setup.table().withRehearsal(setup.table().preview(holder));
    int withRecords = setup.table().partitionsWithRecords(start);
    setup.status().claimed(holder, 0);
    try (LiveQuery query = new LiveQuery(setup, spark, start, setup.stop()::wake)) {
      ready = awaitReady(query, withRecords);
      if (setup.stop().isAsked()) {
        return false;
      }
      try (DriverRight right = new DriverRight(setup.address(), setup.pipeline().table(), setup.topic(), setup.arguments().driverName(), holder,
          setup.stop()::wake)) {
        while (!setup.stop().isAsked()) {
          follow(right, query, withRecords);
          if (right.isWithAnother() && home.isDue(query.executors())) {
            LOG.info("this driver stands by away from home; its tasks move there");
            home.begin();
            setup.status().write(JobState.STARTING, AWAY);
            return true;
          }
          StandbyChecks.check(setup, query, right);
          setup.status().beat();
          boolean claims = right.state() == DriverRight.State.HELD && right.claimState() != DriverRight.ClaimState.VALID;
          setup.stop().await(claims ? CLAIM_AGAIN_MS : 500);
        }
      }
    }
    return false;
  }

  /** False if it took too long, or the job must stop. */
  private boolean awaitReady(LiveQuery query, int withRecords) throws Exception {
    long runningNanos = 0;
    while (!isReady(query, withRecords)) {
      runningNanos = runningNanos == 0 && query.hasStartedTasks() ? System.nanoTime() : runningNanos;
      if (runningNanos != 0 && System.nanoTime() - runningNanos > ALL_PARTITIONS_NANOS) {
        LOG.warn("not every partition has become ready; the job goes on with those that have");
        return false;
      }
      query.check();
      setup.status().beat();
      if (setup.stop().await(200)) {
        return false;
      }
    }
    return true;
  }

  /** Each partition has a task, if tasks last, and each one that has records has read some and has a connection open. */
  private boolean isReady(LiveQuery query, int withRecords) {
    if (!allTasksRun(query)) {
      return false;
    }
    try (SinkProgress progress = new SinkProgress(setup.address(), SinkTimeouts.DEFAULT, setup.pipeline().table(), setup.topic())) {
      return progress.readyPartitions(holder) >= Math.max(withRecords, progress.storedPartitions());
    } catch (SQLException e) {
      return false;
    }
  }

  /** In micro-batches a partition has a task only while it has records to store, so that says nothing. */
  private boolean allTasksRun(LiveQuery query) {
    return !setup.arguments().realTime() || query.runningTasks() >= setup.table().described().earliest().size();
  }

  private void follow(DriverRight right, LiveQuery query, int withRecords) {
    switch (right.state()) {
      case ASKING -> {
      }
      case WAITING -> standBy(query, withRecords);
      case HELD -> {
        switch (right.claimState()) {
          case NONE, GONE -> claim(right);
          case TAKEN -> throw StandbyChecks.taken(setup);
          case VALID -> {
            query.checkRewinds();
            boolean lost = query.hasLostExecutor();
            if ((lost || home.allAreAway(query.executors())) && !right.handOver() && lost) {
              LOG.info("an executor died, and no other driver is ready: the tasks begin again elsewhere");
            }
          }
        }
      }
    }
  }

  private void standBy(LiveQuery query, int withRecords) {
    if (query.hasLostExecutor() || setup.status().is(JobState.RUNNING)) {
      ready = false;
      lostNanos = System.nanoTime();
      if (!setup.status().is(JobState.STARTING)) {
        setup.status().write(JobState.STARTING, null);
        saysAway = false;
      }
    }
    ready = ready || isReady(query, withRecords) || tookTooLong(query);
    if (ready && awaitsHome(query)) {
      sayAway();
    } else if (ready && !setup.status().is(JobState.STANDBY)) {
      setup.status().write(JobState.STANDBY, null);
    }
  }

  private void sayAway() {
    if (!saysAway) {
      saysAway = true;
      setup.status().write(JobState.STARTING, AWAY);
    }
  }

  /** Away from home it could take over from the active driver, but what kills that one's executor kills its own as well. So it does not count as a standby soon. */
  private boolean awaitsHome(LiveQuery query) {
    return lostNanos != 0 && System.nanoTime() - lostNanos < AWAY_NANOS && home.isAway(query.executors());
  }

  /** Tasks that run again, and got no record all the while: there may be none. */
  private boolean tookTooLong(LiveQuery query) {
    return lostNanos != 0 && System.nanoTime() - lostNanos > ALL_PARTITIONS_NANOS && allTasksRun(query);
  }

  private void claim(DriverRight right) {
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
