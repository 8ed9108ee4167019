package dev.faultline.job;

import java.util.Locale;

/** The states of the job that its status file shows, there in lower case. */
enum JobState {
  /** The job claims the table for the first time and starts its query; or it has lost the right to write, and its tasks begin anew before the gate. */
  STARTING,
  /** Another driver has the right to write. This one is warm: it takes over as soon as the right is free. */
  STANDBY,
  /** A task of the query has started, so the query writes. */
  RUNNING,
  /** The query failed, and the job starts it again. */
  RESTARTING,
  /** The job has ended, and starting it again does not help; the exit code says why. */
  FAILED,
  /** The job has ended as asked. */
  STOPPED;

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
