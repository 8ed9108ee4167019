package dev.faultline.job;

import dev.faultline.postgres.PartitionException;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.spark.ExceptionFailure;
import org.apache.spark.ExecutorLostFailure;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorRemoved;
import org.apache.spark.scheduler.SparkListenerStageCompleted;
import org.apache.spark.scheduler.SparkListenerStageSubmitted;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.scheduler.SparkListenerTaskStart;

/**
 * Watches the tasks of the query. It reports once that a task has started: before that, a running query does not write. It
 * reports each failure of the sink with its Kafka partition: Spark retries the task, so the query goes on as if nothing had happened.
 */
final class TaskProbe extends SparkListener {
  /** The sink's error of one Kafka partition. */
  interface OnSinkError {
    void accept(int partition, Throwable error, long atMs);
  }

  /** The property by which Spark marks the jobs of a streaming query (StreamExecution.QUERY_ID_KEY): a rehearsal's have none. */
  static final String QUERY_ID = "sql.streaming.queryId";

  private final AtomicBoolean told = new AtomicBoolean();
  private final Set<Integer> queryStages = ConcurrentHashMap.newKeySet();
  /** The query's tasks that run, and their executors. */
  private final Map<Long, String> tasks = new ConcurrentHashMap<>();
  /** Where the tasks of the query's last stage ran: between two micro-batches there is no task that could end with its executor. */
  private final Set<String> lastUsed = ConcurrentHashMap.newKeySet();
  /** The listener's thread's. */
  private int lastStage = -1;
  private final Runnable onRunning;
  private final OnSinkError onSinkError;
  private final Runnable onExecutorLost;

  /** @param onExecutorLost called when an executor is gone that the query's tasks run on, or ran on last */
  TaskProbe(Runnable onRunning, OnSinkError onSinkError, Runnable onExecutorLost) {
    this.onRunning = onRunning;
    this.onSinkError = onSinkError;
    this.onExecutorLost = onExecutorLost;
  }

  @Override
  public void onStageSubmitted(SparkListenerStageSubmitted stage) {
    if (stage.properties() != null && stage.properties().getProperty(QUERY_ID) != null) {
      queryStages.add(stage.stageInfo().stageId());
    }
  }

  @Override
  public void onStageCompleted(SparkListenerStageCompleted stage) {
    queryStages.remove(stage.stageInfo().stageId());
  }

  @Override
  public void onTaskStart(SparkListenerTaskStart task) {
    if (queryStages.contains(task.stageId())) {
      tasks.put(task.taskInfo().taskId(), task.taskInfo().executorId());
      if (task.stageId() != lastStage) {
        lastStage = task.stageId();
        lastUsed.clear();
      }
      lastUsed.add(task.taskInfo().executorId());
    }
    if (told.compareAndSet(false, true)) {
      onRunning.run();
    }
  }

  @Override
  public void onExecutorRemoved(SparkListenerExecutorRemoved removed) {
    if (lastUsed.remove(removed.executorId())) {
      onExecutorLost.run();
    }
  }

  /** It may come before or after {@link #onExecutorRemoved}. */
  @Override
  public void onTaskEnd(SparkListenerTaskEnd task) {
    boolean ofQuery = tasks.remove(task.taskInfo().taskId()) != null;
    if (ofQuery && task.reason() instanceof ExecutorLostFailure) {
      onExecutorLost.run();
    }
    // a task of an earlier query, which stood still until now, says nothing about this one
    if (ofQuery && task.reason() instanceof ExceptionFailure failure && failure.exception().isDefined()) {
      for (Throwable cause = failure.exception().get(); cause != null; cause = cause.getCause()) {
        if (cause instanceof PartitionException error) {
          onSinkError.accept(error.partition(), error.getCause(), task.taskInfo().finishTime());
          return;
        }
      }
    }
  }

  /** Whether a task has started since the query did. */
  boolean hasStarted() {
    return told.get();
  }

  /** How many tasks of the query run now. */
  int running() {
    return tasks.size();
  }

  /** Where they run. */
  Set<String> executors() {
    return Set.copyOf(tasks.values());
  }

  /** Waits until the tasks of a stopped query are gone: a context that stops under them fills the log with its own errors. */
  void awaitTasksEnd(long timeoutMs) throws InterruptedException {
    long deadline = System.nanoTime() + timeoutMs * 1_000_000;
    while (!tasks.isEmpty() && System.nanoTime() < deadline) {
      Thread.sleep(20);
    }
  }
}
