package dev.faultline.job;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.scheduler.SparkListenerTaskStart;

/** Reports once that a task of the query has started. Before that, a running query does not write. */
final class RunningProbe extends SparkListener {
  private final AtomicBoolean told = new AtomicBoolean();
  private final AtomicInteger tasks = new AtomicInteger();
  private final Runnable onRunning;

  RunningProbe(Runnable onRunning) {
    this.onRunning = onRunning;
  }

  @Override
  public void onTaskStart(SparkListenerTaskStart task) {
    tasks.incrementAndGet();
    if (told.compareAndSet(false, true)) {
      onRunning.run();
    }
  }

  @Override
  public void onTaskEnd(SparkListenerTaskEnd task) {
    tasks.decrementAndGet();
  }

  /** Waits until the tasks of a stopped query are gone: a context that stops under them fills the log with its own errors. */
  void awaitTasksEnd(long timeoutMs) throws InterruptedException {
    long deadline = System.nanoTime() + timeoutMs * 1_000_000;
    while (tasks.get() > 0 && System.nanoTime() < deadline) {
      Thread.sleep(20);
    }
  }
}
