package dev.faultline.job;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
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
  /** A query that starts, or starts again, gives its tasks out and has the processor first. */
  private static final long SETTLED_MS = 5_000;
  private static final long LOOK_MS = 500;
  /** A round may pass an executor over, because Spark gives out the tasks. */
  private static final int ROUNDS = 3;

  /** What is rehearsed; it may take long. */
  interface Round {
    void run() throws Exception;
  }

  private final SparkContext context;
  private final Round round;
  private final Map<String, Integer> roundsOf = new HashMap<>();
  private final Set<Long> tasks = new HashSet<>();
  private long changedMs;

  private ColdExecutors(SparkContext context, Round round) {
    this.context = context;
    this.round = round;
  }

  /** Looks until the context is stopped. */
  static void rehearse(SparkContext context, Round round) {
    ColdExecutors cold = new ColdExecutors(context, round);
    context.addSparkListener(cold);
    Thread thread = new Thread(cold::run, "faultline-cold-executors");
    thread.setDaemon(true);
    thread.start();
  }

  private static long nowMs() {
    return System.nanoTime() / 1_000_000;
  }

  @Override
  public synchronized void onExecutorAdded(SparkListenerExecutorAdded added) {
    roundsOf.put(added.executorId(), 0);
    changedMs = nowMs();
  }

  @Override
  public synchronized void onExecutorRemoved(SparkListenerExecutorRemoved removed) {
    roundsOf.remove(removed.executorId());
    changedMs = nowMs();
  }

  @Override
  public synchronized void onTaskStart(SparkListenerTaskStart task) {
    tasks.add(task.taskInfo().taskId());
    roundsOf.remove(task.taskInfo().executorId());
    changedMs = nowMs();
  }

  @Override
  public synchronized void onTaskEnd(SparkListenerTaskEnd task) {
    tasks.remove(task.taskInfo().taskId());
  }

  /** An executor that is cold while tasks have run elsewhere for a while; each counts its rounds. */
  private synchronized boolean isRoundDue() {
    if (tasks.isEmpty() || nowMs() - changedMs < SETTLED_MS) {
      return false;
    }
    boolean due = false;
    for (Map.Entry<String, Integer> executor : roundsOf.entrySet()) {
      if (executor.getValue() < ROUNDS) {
        executor.setValue(executor.getValue() + 1);
        due = true;
      }
    }
    changedMs = nowMs();
    return due;
  }

  private void run() {
    try {
      while (!context.isStopped()) {
        Thread.sleep(LOOK_MS);
        if (isRoundDue()) {
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
      round.run();
      LOG.info("an executor without tasks has rehearsed for {} ms", nowMs() - startMs);
    } catch (InterruptedException e) {
      throw e;
    } catch (Exception e) {
      LOG.info("the rehearsal of an executor without tasks ended early: {}", FailureKind.firstLine(e));
    }
  }
}
