package dev.faultline.job;

import dev.faultline.postgres.FencedException;
import dev.faultline.postgres.LostClaimException;
import dev.faultline.postgres.OffsetGapException;
import dev.faultline.postgres.SinkClaim;
import dev.faultline.postgres.TableChangedException;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeoutException;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.streaming.StreamingQuery;

/** A query that runs, with the probe that watches its tasks. Closing it waits until its tasks have ended. */
final class LiveQuery implements AutoCloseable {
  private static final long STOP_TASKS_MS = 2_000;
  private static final long LOST_NANOS = 1_500_000_000L;

  private final JobSetup setup;
  private final SparkSession spark;
  private final TaskProbe probe;
  private final StreamingQuery query;
  private final Map<Integer, OffsetGapException> gaps = new ConcurrentHashMap<>();
  /** What starting a task again does not heal: the database went back behind the epoch's beginning, or lost the claim. */
  private volatile RuntimeException ending;
  private final RewindWatch rewinds;
  private final TopicWatch topic;
  /** When an executor died under a task; 0 for never. */
  private volatile long lostNanos;

  /** @param onRunning called once, when a task has started */
  LiveQuery(JobSetup setup, SparkSession spark, SinkClaim claim, Runnable onRunning) throws Exception {
    this.spark = spark;
    this.setup = setup;
    this.probe = new TaskProbe(onRunning, this::sinkError, this::executorLost);
    this.rewinds = new RewindWatch(setup.address(), setup.pipeline().table(), setup.topic());
    this.topic = TopicWatch.start(setup.arguments().brokers(), setup.topic(), setup.table().described(), this::end);
    spark.sparkContext().addSparkListener(probe);
    try {
      this.query = StreamQuery.start(spark, setup.arguments(), setup.pipeline(), claim, setup.checkpoints().fresh(claim.generation()));
    } catch (Exception e) {
      rewinds.close();
      topic.close();
      spark.sparkContext().removeSparkListener(probe);
      throw e;
    }
  }

  private void sinkError(int partition, Throwable error, long atMs) {
    boolean standby = setup.arguments().standby();
    // a driver that hands over is fenced: that is no trouble of the partition
    if (!standby || !(error instanceof FencedException)) {
      setup.status().sinkError(partition, FailureKind.firstLine(error), atMs);
    }
    if (error instanceof OffsetGapException again && !again.insideLog()) {
      // after the first one, the next attempt reads from the beginning of its epoch; that may be early enough
      OffsetGapException first = gaps.put(partition, again);
      if (first != null && first.nextOffset() == again.nextOffset()) {
        end(again);
      }
    }
    FailureKind kind = FailureKind.of(error);
    if (error instanceof TableChangedException || kind == FailureKind.CONFIGURATION || kind == FailureKind.DATA_LOSS || kind == FailureKind.FENCED && !standby) {
      // Spark would start the task again a thousand times, and say all the while that it runs
      end(error);
    }
    // a standby's driver claims again by itself, while its writers wait
    if (!standby && error instanceof LostClaimException lost) {
      end(lost);
    }
  }

  private void executorLost() {
    lostNanos = System.nanoTime();
    setup.stop().wake();
  }

  private void end(Throwable reason) {
    ending = ending != null ? ending : reason instanceof RuntimeException known ? known : new IllegalStateException(reason);
    setup.stop().wake();
  }

  /** @throws Exception that ended the query, if it has ended, or because of which it must end */
  void check() throws Exception {
    if (ending != null) {
      throw ending;
    }
    if (query.awaitTermination(1)) {
      throw new IllegalStateException("the query ended, although nothing stopped it");
    }
  }

  /** For a driver that has claimed the table. @throws IllegalStateException if the database lost commits that no executor stores again */
  void checkRewinds() {
    if (rewinds.problem() != null) {
      throw new IllegalStateException(rewinds.problem());
    }
  }

  boolean hasStartedTasks() {
    return probe.hasStarted();
  }

  int runningTasks() {
    return probe.running();
  }

  /** The executors where they run. */
  Set<String> executors() {
    return probe.executors();
  }

  /** Whether an executor died under a task lately: its tasks may not work again yet. */
  boolean hasLostExecutor() {
    return lostNanos != 0 && System.nanoTime() - lostNanos < LOST_NANOS;
  }

  @Override
  public void close() throws TimeoutException {
    rewinds.close();
    topic.close();
    query.stop();
    try {
      probe.awaitTasksEnd(STOP_TASKS_MS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    spark.sparkContext().removeSparkListener(probe);
  }
}
