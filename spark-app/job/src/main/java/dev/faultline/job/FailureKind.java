package dev.faultline.job;

import dev.faultline.postgres.DataLossException;
import dev.faultline.postgres.FencedException;
import dev.faultline.postgres.OffsetGapException;
import dev.faultline.postgres.PartitionException;
import dev.faultline.postgres.SinkConfigurationException;

/** The kinds of failure of a query: restart the query, or end the job with an exit code. */
enum FailureKind {
  FENCED(ExitCode.FENCED),
  CONFIGURATION(ExitCode.CONFIGURATION),
  DATA_LOSS(ExitCode.DATA_LOSS),
  /** Restart the query from sink_offsets. */
  RESTART(-1);

  final int exitCode;

  FailureKind(int exitCode) {
    this.exitCode = exitCode;
  }

  static FailureKind of(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof FencedException) {
        return FENCED;
      }
      if (cause instanceof SinkConfigurationException) {
        return CONFIGURATION;
      }
      if (cause instanceof DataLossException || cause instanceof OffsetGapException gap && gap.insideLog()) {
        return DATA_LOSS;
      }
    }
    // a cause that could not be sent to the driver is there as text only
    String text = String.valueOf(failure.getMessage());
    if (text.contains(FencedException.class.getName())) {
      return FENCED;
    }
    return text.contains(SinkConfigurationException.class.getName()) ? CONFIGURATION : RESTART;
  }

  /** What happened, without Spark's wrapping: the sink's own words, which say what it means, else the deepest cause's. */
  static String message(Throwable failure) {
    Throwable deepest = failure;
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      deepest = cause;
      if (cause.getClass().getPackage() == SinkConfigurationException.class.getPackage() && !(cause instanceof PartitionException)) {
        break;
      }
    }
    return firstLine(deepest);
  }

  /** Its message, or its class where it has none. */
  static String firstLine(Throwable failure) {
    String message = failure.getMessage() == null ? failure.toString() : failure.getMessage();
    return message.lines().findFirst().orElse(failure.toString());
  }
}
