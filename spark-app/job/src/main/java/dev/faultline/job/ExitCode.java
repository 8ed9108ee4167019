package dev.faultline.job;

/** Exit codes of the job; 64, 74 and 78 are sysexits.h's. */
final class ExitCode {
  static final int OK = 0;
  /** A newer driver has claimed the table: don't start this one again. */
  static final int FENCED = 10;
  static final int USAGE = 64;
  /** Records are missing: a person must decide. */
  static final int DATA_LOSS = 74;
  static final int CONFIGURATION = 78;
  /** SIGTERM, but the query did not stop in time. */
  static final int TERMINATED = 143;

  private ExitCode() {
  }
}
