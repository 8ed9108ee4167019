package dev.faultline.job;

import dev.faultline.postgres.DriverRight;
import dev.faultline.postgres.SinkClaim;
import java.util.UUID;
import org.apache.spark.sql.SparkSession;

/**
 * One start of the query with {@code --standby} in micro-batches. The executors have done a round of work into nothing; the query
 * itself starts when this driver has the right to write.
 */
final class WarmStandby {
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
      while (right.state() != DriverRight.State.HELD) {
        if (right.state() == DriverRight.State.WAITING && !setup.status().is(JobState.STANDBY)) {
          setup.status().write(JobState.STANDBY, null);
        }
        setup.status().beat();
        if (setup.stop().await(500)) {
          return;
        }
      }
      SinkClaim claim = setup.table().take(right);
      setup.status().claimed(holder, claim.generation());
      try (LiveQuery query = new LiveQuery(setup, spark, claim, () -> setup.status().write(JobState.RUNNING, null))) {
        write(right, query);
      }
    }
  }

  private void write(DriverRight right, LiveQuery query) throws Exception {
    while (right.state() == DriverRight.State.HELD && right.claimState() == DriverRight.ClaimState.VALID) {
      StandbyChecks.check(setup, query, right);
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
