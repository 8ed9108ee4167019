package dev.faultline.job;

import java.util.function.BooleanSupplier;
import org.apache.spark.SparkContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorAdded;
import org.apache.spark.scheduler.SparkListenerExecutorRemoved;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.scheduler.SparkListenerTaskStart;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds executors that have had no task yet, and has them rehearse. In Real-time Mode a task runs for minutes where it is, so an executor
 * that came late has nothing to do, until the tasks of a dead one move there: a cold one then needs seconds to load Spark's SQL, Kafka's
 * client and the sink, one that has rehearsed does not.
 */
final class ColdExecutors extends SparkListener {
  private static final Logger LOG = LoggerFactory.getLogger(ColdExecutors.class);
  static final long SETTLED_MS = 1_500;
  private static final long LOOK_MS = 500;
  /** A round may pass an executor over, because Spark gives out the tasks. */
  private static final int ROUNDS = 3;

  /** What is rehearsed; it may take long. */
  interface Round {
    /** False if there was nothing to do it with. */
    boolean run() throws Exception;
  }

  private final SparkContext context;
  private final BooleanSupplier ready;
  private final Round round;
  private final Idleness idleness = new Idleness(SETTLED_MS, ROUNDS);

  private ColdExecutors(SparkContext context, BooleanSupplier ready, Round round) {
    this.context = context;
    this.ready = ready;
    this.round = round;
  }

  /** Looks until the context is stopped, while the driver is ready. */
  static void rehearse(SparkContext context, BooleanSupplier ready, Round round) {
    ColdExecutors cold = new ColdExecutors(context, ready, round);
    context.addSparkListener(cold);
    Thread thread = new Thread(cold::run, "faultline-cold-executors");
    thread.setDaemon(true);
    thread.start();
  }

  private static long nowMs() {
    return System.nanoTime() / 1_000_000;
  }

  @Override
  public void onExecutorAdded(SparkListenerExecutorAdded added) {
    idleness.added(added.executorId(), nowMs());
  }

  @Override
  public void onExecutorRemoved(SparkListenerExecutorRemoved removed) {
    idleness.removed(removed.executorId(), nowMs());
  }

  @Override
  public void onTaskStart(SparkListenerTaskStart task) {
    idleness.started(task.taskInfo().taskId(), task.taskInfo().executorId(), nowMs());
  }

  @Override
  public void onTaskEnd(SparkListenerTaskEnd task) {
    idleness.ended(task.taskInfo().taskId());
  }

  private void run() {
    try {
      while (!context.isStopped()) {
        Thread.sleep(LOOK_MS);
        if (ready.getAsBoolean() && idleness.isRoundDue(nowMs())) {
          rehearse();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void rehearse() throws InterruptedException {
    long startMs = nowMs();
    try {
      if (round.run()) {
        LOG.info("an executor without tasks has rehearsed for {} ms", nowMs() - startMs);
      } else {
        idleness.takeBack();
      }
    } catch (InterruptedException e) {
      throw e;
    } catch (Exception e) {
      LOG.info("the rehearsal of an executor without tasks ended early: {}", FailureKind.firstLine(e));
    }
  }
}
