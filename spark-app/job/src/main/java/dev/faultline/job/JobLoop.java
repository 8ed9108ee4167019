package dev.faultline.job;

import dev.faultline.postgres.FencedException;
import dev.faultline.postgres.OffsetGapException;
import dev.faultline.postgres.PostgresAddress;
import dev.faultline.postgres.SinkConfigurationException;
import org.apache.spark.SparkContext;
import org.apache.spark.sql.SparkSession;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs the query from sink_offsets: at once ({@link LoneRun}), or when this driver has the right to write ({@link HotStandby}). When the query fails, the loop starts another one. It retries forever, unless a retry cannot help.
 */
final class JobLoop {
  private static final Logger LOG = LoggerFactory.getLogger(JobLoop.class);
  private static final long MIN_BACKOFF_MS = 200;
  private static final long MAX_BACKOFF_MS = 5_000;
  /** A query that lived for longer had nothing to do with the failures before. */
  private static final long WORKED_MS = 30_000;

  private final JobArguments arguments;
  private final JobSetup setup;
  private final StatusFile status;
  private final StopSignal stop = new StopSignal();
  private final LastGap lastGap = new LastGap();
  private SparkSession spark;
  private HomeMove home;

  /** @throws SinkConfigurationException if the pipeline file or the environment is incomplete */
  JobLoop(JobArguments arguments) {
    this.arguments = arguments;
    this.status = new StatusFile(arguments.statusFile(), arguments.trigger());
    try {
      PipelineFile pipeline = PipelineFile.read(arguments.pipeline());
      PostgresAddress address = PostgresAddress.fromEnvironment(System.getenv());
      String topic = arguments.topic() == null ? pipeline.topic() : arguments.topic();
      this.setup = new JobSetup(arguments, pipeline, address, topic, status,
          new CheckpointFolder(arguments.checkpoint(), pipeline.name(), arguments.standby() ? arguments.driverName() : null),
          new TableClaim(arguments, pipeline, address, topic), stop);
    } catch (SinkConfigurationException e) {
      status.write(JobState.FAILED, e.getMessage());
      throw e;
    }
  }

  /** Asks {@link #run()} to return; from any thread. */
  void stop() {
    stop.ask();
  }

  /** @return the exit code */
  int run() {
    status.write(JobState.STARTING, null);
    long backoffMs = MIN_BACKOFF_MS;
    while (!stop.isAsked()) {
      long startedMs = System.currentTimeMillis();
      try {
        if (runQuery()) {
          break;
        }
      } catch (Exception e) {
        FailureKind kind = kind(e, System.currentTimeMillis() - startedMs);
        if (stop.isAsked()) {
          break;
        }
        String message = FailureKind.message(e);
        if (kind != FailureKind.RESTART) {
          status.write(JobState.FAILED, message);
          System.err.println("faultline job: " + message);
          return kind.exitCode;
        }
        status.write(status.hasClaimed() ? JobState.RESTARTING : JobState.STARTING, message);
        LOG.debug("the query failed", e);
      }
      if (System.currentTimeMillis() - startedMs > WORKED_MS) {
        backoffMs = MIN_BACKOFF_MS;
      }
      pause(backoffMs);
      backoffMs = Math.min(MAX_BACKOFF_MS, backoffMs * 2);
    }
    if (spark != null) {
      spark.stop();
    }
    status.write(JobState.STOPPED, null);
    return ExitCode.OK;
  }

  /** True when the job is done; an exception when the query failed. */
  private boolean runQuery() throws Exception {
    if (spark == null || spark.sparkContext().isStopped()) {
      spark = SparkSessions.open(setup);
      SparkContext context = spark.sparkContext();
      home = new HomeMove(arguments.realTime() && !arguments.home().names().isEmpty(), () -> arguments.home().executors(context), System::nanoTime);
    }
    if (!arguments.standby()) {
      new LoneRun(setup).run(spark);
      return true;
    }
    boolean again = true;
    while (again) {
      again = new HotStandby(setup, home).run(spark);
    }
    return stop.isAsked();
  }

  /** @param ranMs how long the query lived that failed */
  private FailureKind kind(Exception e, long ranMs) {
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof OffsetGapException gap && lastGap.stays(gap, ranMs)) {
        return FailureKind.DATA_LOSS;
      }
    }
    FailureKind kind = FailureKind.of(e);
    // Where the right moves between drivers, the one that had it is fenced, and waits again. It knows by itself, not by its query, when it must end.
    return kind == FailureKind.FENCED && arguments.standby() && !(e instanceof FencedException) ? FailureKind.RESTART : kind;
  }

  private void pause(long ms) {
    try {
      stop.await(ms / 2 + (long) (Math.random() * ms / 2));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      stop();
    }
  }
}
