package dev.faultline.job;

import java.util.List;
import org.apache.spark.SparkContext;
import org.apache.spark.scheduler.ExecutorProcessLost;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorAdded;
import org.apache.spark.scheduler.SparkListenerExecutorMetricsUpdate;
import org.apache.spark.scheduler.SparkListenerExecutorRemoved;
import org.apache.spark.scheduler.cluster.CoarseGrainedClusterMessages;
import org.apache.spark.scheduler.cluster.CoarseGrainedSchedulerBackend;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.Option;

/**
 * Gives up an executor whose heartbeats stop although its connection stands: its process or its machine is frozen, or the network drops
 * its packets. Its tasks start elsewhere at once, and it is killed when it comes back.
 *
 * <p>Spark does the same after {@code spark.network.timeout}, but believes a driver that was frozen itself: with a time as short as ours,
 * it would kill all executors of a driver that goes on. See {@link Silence}. The steps are those of Spark's {@code HeartbeatReceiver}.
 */
final class SilentExecutors extends SparkListener {
  private static final Logger LOG = LoggerFactory.getLogger(SilentExecutors.class);
  /** Four heartbeats (spark.executor.heartbeatInterval): a crowded machine delays one or two. */
  static final long SILENCE_MS = 4_000;
  private static final long LOOK_MS = 250;
  private static final long LATE_MS = 1_000;
  /** How long the master may take to hear that it must kill the executor. */
  private static final long MASTER_MS = 250;

  private final SparkContext context;
  private final Silence silence = new Silence(SILENCE_MS, LATE_MS);

  private SilentExecutors(SparkContext context) {
    this.context = context;
  }

  /** Watches until the context is stopped. */
  static void watch(SparkContext context) {
    SilentExecutors watcher = new SilentExecutors(context);
    context.addSparkListener(watcher);
    Thread thread = new Thread(watcher::run, "faultline-silent-executors");
    thread.setDaemon(true);
    thread.start();
  }

  private static long nowMs() {
    return System.nanoTime() / 1_000_000;
  }

  @Override
  public void onExecutorAdded(SparkListenerExecutorAdded added) {
    synchronized (silence) {
      silence.added(added.executorId());
    }
  }

  /** Spark posts one for each heartbeat. */
  @Override
  public void onExecutorMetricsUpdate(SparkListenerExecutorMetricsUpdate heartbeat) {
    synchronized (silence) {
      silence.heard(heartbeat.execId(), nowMs());
    }
  }

  @Override
  public void onExecutorRemoved(SparkListenerExecutorRemoved removed) {
    synchronized (silence) {
      silence.removed(removed.executorId());
    }
  }

  private void run() {
    try {
      while (!context.isStopped()) {
        Thread.sleep(LOOK_MS);
        List<String> silent;
        synchronized (silence) {
          silent = silence.look(nowMs());
        }
        for (String executor : silent) {
          giveUp(executor);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void giveUp(String executor) throws InterruptedException {
    String reason = "no heartbeat for " + SILENCE_MS + " ms, although the driver listened";
    LOG.warn("executor {}: {}; its tasks start elsewhere", executor, reason);
    // asks the master, which may be away, and needs to be first: afterwards the driver does not know the executor any more
    Thread kill = new Thread(() -> killAndReplace(executor), "faultline-kill-executor");
    kill.setDaemon(true);
    kill.start();
    kill.join(MASTER_MS);
    if (context.schedulerBackend() instanceof CoarseGrainedSchedulerBackend backend && !context.isStopped()) {
      backend.driverEndpoint().send(
          new CoarseGrainedClusterMessages.RemoveExecutor(executor, new ExecutorProcessLost(reason, Option.empty(), false)));
    }
  }

  private void killAndReplace(String executor) {
    try {
      context.killAndReplaceExecutor(executor);
    } catch (RuntimeException e) {
      LOG.warn("executor {} could not be killed: {}", executor, e.toString());
    }
  }
}
