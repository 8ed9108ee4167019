package dev.faultline.job;

import dev.faultline.postgres.DataLossException;
import dev.faultline.postgres.OffsetGapException;
import dev.faultline.postgres.PostgresAddress;
import dev.faultline.postgres.SinkClaim;
import dev.faultline.postgres.SinkConfigurationException;
import dev.faultline.postgres.SinkProgress;
import dev.faultline.postgres.SinkTimeouts;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.streaming.StreamingQuery;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Claims the table and runs the query from sink_offsets. When the query fails, the loop does both again. It retries
 * forever, unless a retry cannot help.
 */
final class JobLoop {
  private static final Logger LOG = LoggerFactory.getLogger(JobLoop.class);
  private static final long MAX_BACKOFF_MS = 5_000;
  /** How long a topic may seem missing, or shorter than sink_offsets says, before it counts: brokers that start know late. */
  private static final long SETTLE_MS = 30_000;
  private static final long STOP_TASKS_MS = 2_000;

  private final JobArguments arguments;
  private final PipelineFile pipeline;
  private final PostgresAddress address;
  private final String topic;
  private final StatusFile status;
  private final CheckpointFolder checkpoints;
  private final CountDownLatch stopped = new CountDownLatch(1);
  private SparkSession spark;
  private long generation;
  private long unsettledSinceMs;
  private String lastGap = "";
  private Map<Integer, Long> stopAt;

  /** @throws SinkConfigurationException if the pipeline file or the environment is incomplete */
  JobLoop(JobArguments arguments) {
    this.arguments = arguments;
    this.status = new StatusFile(arguments.statusFile(), arguments.trigger());
    try {
      this.pipeline = PipelineFile.read(arguments.pipeline());
      this.address = PostgresAddress.fromEnvironment(System.getenv());
    } catch (SinkConfigurationException e) {
      status.write(JobState.FAILED, 0, e.getMessage());
      throw e;
    }
    this.topic = arguments.topic() == null ? pipeline.topic() : arguments.topic();
    this.checkpoints = new CheckpointFolder(arguments.checkpoint(), pipeline.name());
  }

  /** Asks {@link #run()} to return; from any thread. */
  void stop() {
    stopped.countDown();
  }

  private boolean isStopped() {
    return stopped.getCount() == 0;
  }

  /** @return the exit code */
  int run() {
    status.write(JobState.STARTING, 0, null);
    long backoffMs = 200;
    while (!isStopped()) {
      try {
        long startedMs = System.currentTimeMillis();
        if (runQuery()) {
          break;
        }
        backoffMs = System.currentTimeMillis() - startedMs > 30_000 ? 200 : backoffMs;
      } catch (Exception e) {
        FailureKind kind = kind(e);
        if (isStopped()) {
          break;
        }
        String message = FailureKind.message(e);
        if (kind != FailureKind.RESTART) {
          status.write(JobState.FAILED, generation, message);
          System.err.println("faultline job: " + message);
          return kind.exitCode;
        }
        status.write(generation == 0 ? JobState.STARTING : JobState.RESTARTING, generation, message);
        LOG.debug("the query failed", e);
      }
      pause(backoffMs);
      backoffMs = Math.min(MAX_BACKOFF_MS, backoffMs * 2);
    }
    if (spark != null) {
      spark.stop();
    }
    status.write(JobState.STOPPED, generation, null);
    return ExitCode.OK;
  }

  /** True when the job is done; an exception when the query failed. */
  private boolean runQuery() throws Exception {
    if (spark == null || spark.sparkContext().isStopped()) {
      spark = SparkSessions.open(pipeline, arguments);
    }
    SinkClaim claim = claim();
    generation = claim.generation();
    StreamingQuery query = StreamQuery.start(spark, arguments, pipeline, claim, checkpoints.fresh(generation));
    TaskProbe probe = new TaskProbe(() -> status.write(JobState.RUNNING, claim.generation(), null), status::sinkError);
    spark.sparkContext().addSparkListener(probe);
    try {
      return await(query, claim);
    } finally {
      query.stop();
      probe.awaitTasksEnd(STOP_TASKS_MS);
      spark.sparkContext().removeSparkListener(probe);
    }
  }

  private boolean await(StreamingQuery query, SinkClaim claim) throws Exception {
    try (SinkProgress progress = stopAt == null ? null : new SinkProgress(address, SinkTimeouts.DEFAULT, pipeline.table(), topic)) {
      while (!stopped.await(stopAt == null ? 500 : 50, TimeUnit.MILLISECONDS)) {
        if (query.awaitTermination(1)) {
          throw new IllegalStateException("the query ended, although nothing stopped it");
        }
        status.beat();
        if (progress != null && isReached(progress.nextOffsets())) {
          LOG.info("reached the offsets that were the latest when the job started");
          return true;
        }
      }
      return true;
    }
  }

  private boolean isReached(Map<Integer, Long> next) {
    return stopAt.entrySet().stream().allMatch(e -> next.get(e.getKey()) >= e.getValue());
  }

  private SinkClaim claim() throws Exception {
    KafkaTopic kafka;
    try {
      kafka = KafkaTopic.describe(arguments.brokers(), topic, pipeline.partitions());
    } catch (KafkaTopic.Missing e) {
      settle(new SinkConfigurationException(e.getMessage()));
      throw e;
    }
    if (arguments.stopAtLatest() && stopAt == null) {
      stopAt = kafka.latest();
    }
    SinkClaim claim = SinkClaim.take(address, SinkTimeouts.DEFAULT, pipeline.table(), topic, kafka.earliest());
    for (Map.Entry<Integer, Long> partition : claim.startOffsets().entrySet()) {
      long latest = kafka.latest().get(partition.getKey());
      if (partition.getValue() > latest) {
        // a leader that was just elected may not know its high watermark yet
        DataLossException loss = new DataLossException("records are lost: " + topic + "/" + partition.getKey()
            + " ends at offset " + latest + ", but sink_offsets is at offset " + partition.getValue() + "; was the topic deleted and created again?");
        settle(loss);
        throw new IllegalStateException(loss.getMessage());
      }
    }
    unsettledSinceMs = 0;
    return claim;
  }

  /** Raises {@code finding} when it has stood for {@link #SETTLE_MS}. */
  private void settle(RuntimeException finding) {
    long now = System.currentTimeMillis();
    unsettledSinceMs = unsettledSinceMs == 0 ? now : unsettledSinceMs;
    if (now - unsettledSinceMs >= SETTLE_MS) {
      throw finding;
    }
  }

  /** A gap is healed by reading again from sink_offsets; one that is still there after that is not. */
  private FailureKind kind(Exception e) {
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof OffsetGapException gap) {
        String place = gap.partition() + "@" + gap.nextOffset();
        if (place.equals(lastGap)) {
          return FailureKind.DATA_LOSS;
        }
        lastGap = place;
      }
    }
    return FailureKind.of(e);
  }

  private void pause(long ms) {
    try {
      stopped.await(ms / 2 + (long) (Math.random() * ms / 2), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      stop();
    }
  }
}
