package dev.faultline.job;

import dev.faultline.postgres.DriverRight;
import dev.faultline.postgres.SinkClaim;
import java.sql.SQLException;
import java.util.UUID;
import org.apache.spark.sql.SparkSession;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One start of the query with {@code --standby} in micro-batches. The executors have done a round of work into nothing; the query
 * itself starts when this driver has the right to write.
 */
final class WarmStandby {
  private static final Logger LOG = LoggerFactory.getLogger(WarmStandby.class);
  /** After a claim that failed: the database may be back at any moment. */
  static final long CLAIM_AGAIN_MS = 100;

  private final JobSetup setup;

  WarmStandby(JobSetup setup) {
    this.setup = setup;
  }

  /** Returns when the job must stop, or when the right is lost: then call it again. @throws Exception that ended the query */
  void run(SparkSession spark) throws Exception {
    String holder = UUID.randomUUID().toString();
    setup.table().preview(holder);
    WarmUp.run(spark, setup);
    setup.status().claimed(holder, 0);
    try (DriverRight right = new DriverRight(setup.address(), setup.pipeline().table(), setup.topic(), setup.arguments().driverName(), holder,
        setup.stop()::wake)) {
      SinkClaim claim = standBy(right);
      if (claim == null) {
        return;
      }
      setup.status().claimed(holder, claim.generation());
      try (LiveQuery query = new LiveQuery(setup, spark, claim, () -> setup.status().write(JobState.RUNNING, null))) {
        write(right, query);
      }
    }
  }

  /** Returns when this driver has the right to write and has claimed the table; null if the job must stop. */
  private SinkClaim standBy(DriverRight right) throws InterruptedException {
    while (!setup.stop().isAsked()) {
      if (right.state() == DriverRight.State.HELD) {
        try {
          return setup.table().take(right);
        } catch (SQLException e) {
          // A server that shuts down ends its sessions one by one, so this driver may get the lock of the active one, and then lose its own session. The
          // right's thread finds out whether it still has the right, and the executors stay warm meanwhile.
          LOG.warn("the claim failed: {} ({})", e.getMessage(), e.getSQLState());
        }
      } else if (right.state() == DriverRight.State.WAITING && !setup.status().is(JobState.STANDBY)) {
        setup.status().write(JobState.STANDBY, null);
      }
      setup.status().beat();
      setup.stop().await(right.state() == DriverRight.State.HELD ? CLAIM_AGAIN_MS : 500);
    }
    return null;
  }

  private void write(DriverRight right, LiveQuery query) throws Exception {
    while (right.state() == DriverRight.State.HELD && right.claimState() == DriverRight.ClaimState.VALID) {
      StandbyChecks.check(setup, query, right);
      query.checkRewinds();
      setup.status().beat();
      if (setup.stop().await(500)) {
        // at once: Spark stops slowly
        right.close();
        return;
      }
    }
    if (right.state() == DriverRight.State.HELD && right.claimState() == DriverRight.ClaimState.TAKEN) {
      throw StandbyChecks.taken(setup);
    }
  }
}
