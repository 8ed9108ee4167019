package dev.faultline.job;

import dev.faultline.postgres.PartitionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.spark.ExceptionFailure;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.scheduler.SparkListenerTaskStart;

/**
 * Watches the tasks of the query. It reports once that a task has started: before that, a running query does not write. It
 * reports each failure of the sink with its Kafka partition: Spark retries the task, so the query goes on as if nothing had happened.
 */
final class TaskProbe extends SparkListener {
  /** The sink's error of one Kafka partition; one line. */
  interface OnSinkError {
    void accept(int partition, String error, long atMs);
  }

  private final AtomicBoolean told = new AtomicBoolean();
  private final AtomicInteger tasks = new AtomicInteger();
  private final Runnable onRunning;
  private final OnSinkError onSinkError;

  TaskProbe(Runnable onRunning, OnSinkError onSinkError) {
    this.onRunning = onRunning;
    this.onSinkError = onSinkError;
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
    if (task.reason() instanceof ExceptionFailure failure && failure.exception().isDefined()) {
      for (Throwable cause = failure.exception().get(); cause != null; cause = cause.getCause()) {
        if (cause instanceof PartitionException error) {
          onSinkError.accept(error.partition(), FailureKind.firstLine(error.getCause()), task.taskInfo().finishTime());
          return;
        }
      }
    }
  }

  /** Waits until the tasks of a stopped query are gone: a context that stops under them fills the log with its own errors. */
  void awaitTasksEnd(long timeoutMs) throws InterruptedException {
    long deadline = System.nanoTime() + timeoutMs * 1_000_000;
    while (tasks.get() > 0 && System.nanoTime() < deadline) {
      Thread.sleep(20);
    }
  }
}
