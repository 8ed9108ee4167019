package dev.faultline.job;

import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerTaskStart;

/** Tells, once, that a task of the query has started: only then does a running query write. */
final class RunningProbe extends SparkListener {
  private final AtomicBoolean told = new AtomicBoolean();
  private final Runnable onRunning;

  RunningProbe(Runnable onRunning) {
    this.onRunning = onRunning;
  }

  @Override
  public void onTaskStart(SparkListenerTaskStart task) {
    if (told.compareAndSet(false, true)) {
      onRunning.run();
    }
  }
}
