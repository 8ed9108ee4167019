package dev.faultline.job;

import dev.faultline.postgres.SinkClaim;
import dev.faultline.postgres.SinkProgress;
import dev.faultline.postgres.SinkTimeouts;
import java.util.Map;
import java.util.UUID;
import org.apache.spark.sql.SparkSession;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One start of the query without {@code --standby}: it claims the table at once and writes until it fails or the job ends. */
final class LoneRun {
  private static final Logger LOG = LoggerFactory.getLogger(LoneRun.class);

  private final JobSetup setup;

  LoneRun(JobSetup setup) {
    this.setup = setup;
  }

  /** Returns when the job is done. @throws Exception that ended the query */
  void run(SparkSession spark) throws Exception {
    String holder = UUID.randomUUID().toString();
    SinkClaim claim = setup.table().take(holder);
    setup.status().claimed(holder, claim.generation());
    try (LiveQuery query = new LiveQuery(setup, spark, claim, () -> setup.status().write(JobState.RUNNING, null))) {
      await(query);
    }
  }

  private void await(LiveQuery query) throws Exception {
    Map<Integer, Long> stopAt = setup.table().stopAt();
    try (SinkProgress progress = stopAt == null ? null
        : new SinkProgress(setup.address(), SinkTimeouts.DEFAULT, setup.pipeline().table(), setup.topic())) {
      while (!setup.stop().await(stopAt == null ? 500 : 50)) {
        query.check();
        setup.status().beat();
        if (progress != null && isReached(stopAt, progress.nextOffsets())) {
          LOG.info("reached the offsets that were the latest when the job started");
          return;
        }
      }
    }
  }

  private static boolean isReached(Map<Integer, Long> stopAt, Map<Integer, Long> next) {
    return stopAt.entrySet().stream().allMatch(e -> next.get(e.getKey()) >= e.getValue());
  }
}
