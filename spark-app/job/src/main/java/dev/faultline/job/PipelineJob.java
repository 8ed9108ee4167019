package dev.faultline.job;

import dev.faultline.postgres.SinkConfigurationException;
import org.apache.spark.util.SignalUtils;
import scala.Function0;

/** The job's main class. It parses the flags, runs the job and turns the outcome into an exit code. */
public final class PipelineJob {
  private static final long STOP_TIMEOUT_MS = 9_000;

  private PipelineJob() {
  }

  public static void main(String[] arguments) {
    if (java.util.List.of(arguments).contains("--help")) {
      System.out.println(JobArguments.HELP);
      return;
    }
    int code;
    try {
      code = run(JobArguments.parse(arguments));
    } catch (UsageException e) {
      System.err.println("faultline job: " + e.getMessage());
      code = ExitCode.USAGE;
    } catch (SinkConfigurationException e) {
      System.err.println("faultline job: " + e.getMessage());
      code = ExitCode.CONFIGURATION;
    }
    // Spark leaves threads that are no daemons
    System.exit(code);
  }

  private static int run(JobArguments arguments) {
    JobLoop loop = new JobLoop(arguments);
    Function0<Object> stop = () -> {
      loop.stop();
      Thread watchdog = new Thread(PipelineJob::haltLate, "faultline-stop-watchdog");
      watchdog.setDaemon(true);
      watchdog.start();
      return true;
    };
    SignalUtils.register("TERM", stop);
    SignalUtils.register("INT", stop);
    return loop.run();
  }

  /** A task that hangs in a frozen database must not keep a supervisor waiting. Whatever is in flight is found at the next start. */
  private static void haltLate() {
    try {
      Thread.sleep(STOP_TIMEOUT_MS);
    } catch (InterruptedException e) {
      return;
    }
    Runtime.getRuntime().halt(ExitCode.TERMINATED);
  }
}
