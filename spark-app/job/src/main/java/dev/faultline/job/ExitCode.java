package dev.faultline.job;

/** Exit codes of the job; 64, 74 and 78 are those of sysexits.h. Each line says whether a supervisor may start the job again. */
final class ExitCode {
  /** The job ended as asked, by SIGTERM or {@code --stop-at-latest}: there is nothing to start. */
  static final int OK = 0;
  /** A newer driver has claimed the table: do not start this one again. */
  static final int FENCED = 10;
  /** The command line is wrong: do not start the job again before it is corrected. */
  static final int USAGE = 64;
  /** Records are missing in Kafka: do not start the job again before a person has decided what to do. */
  static final int DATA_LOSS = 74;
  /** The pipeline file, the tables, the topic or the environment is wrong: do not start the job again before it is corrected. */
  static final int CONFIGURATION = 78;
  /** SIGTERM came, but the query did not stop in time: the job may be started again, and finds out what was committed. */
  static final int TERMINATED = 143;

  private ExitCode() {
  }
}
