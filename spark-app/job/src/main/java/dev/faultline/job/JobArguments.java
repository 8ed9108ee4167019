package dev.faultline.job;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * The command line.
 *
 * @param topic null for the pipeline file's
 * @param chunkMs longest wait of a record for its transaction, in Real-time Mode
 * @param epochMs length of a Real-time Mode batch
 * @param maxOffsetsPerBatch of a micro-batch; 0 for no limit
 * @param statusFile null for none
 */
record JobArguments(Path pipeline, String brokers, String topic, boolean realTime, int chunkRows, int chunkMs, long epochMs,
    long maxOffsetsPerBatch, Path checkpoint, Path statusFile, boolean aggregates, boolean stopAtLatest) {

  static final String HELP = """
      Streams a Kafka topic into a PostgreSQL table, each record exactly once.

      Usage: PipelineJob --pipeline FILE --brokers HOST:PORT,... [flags]

        --pipeline FILE            pipeline file (YAML)
        --brokers H:P,...          Kafka bootstrap servers
        --topic NAME               default: the pipeline file's
        --trigger KIND             realtime (default) or micro-batch
        --chunk-rows N             most rows in one transaction (5000)
        --chunk-ms N               longest wait of a record for its transaction, realtime only (10)
        --epoch-ms N               length of a Real-time Mode batch, at least 5000 (300000)
        --max-offsets-per-batch N  micro-batch only (no limit)
        --checkpoint DIR           for Spark's checkpoints; their loss is harmless (a folder in java.io.tmpdir)
        --status-file FILE         state as JSON, written anew at each change
        --no-aggregates            leave the aggregate tables alone
        --stop-at-latest           stop with exit code 0 at the offsets that are the latest at the start
        --help                     this text

      PostgreSQL: environment POSTGRES_HOST, POSTGRES_PORT (5432), POSTGRES_DB, POSTGRES_USER, POSTGRES_PASSWORD.
      Spark: system properties -Dspark.*; without spark.master it runs inside this process.

      Example:
        java @jvm.options -Dspark.master=spark://127.0.0.1:7077 -cp 'target/spark-home/jars/*' \\
          dev.faultline.job.PipelineJob --pipeline pipelines/payments.yaml --brokers 127.0.0.1:9092

      Exit codes: 0 stopped, 10 a newer driver took over, 64 usage, 74 records are lost, 78 configuration.""";

  private static final Set<String> WITH_VALUE = Set.of("--pipeline", "--brokers", "--topic", "--trigger", "--chunk-rows", "--chunk-ms",
      "--epoch-ms", "--max-offsets-per-batch", "--checkpoint", "--status-file");
  private static final Set<String> SWITCHES = Set.of("--no-aggregates", "--stop-at-latest");

  /** @throws UsageException with one line that says what is wrong */
  static JobArguments parse(String[] arguments) {
    Map<String, String> given = new HashMap<>();
    for (int i = 0; i < arguments.length; i++) {
      String name = arguments[i];
      if (SWITCHES.contains(name)) {
        given.put(name, "");
      } else if (!WITH_VALUE.contains(name)) {
        throw new UsageException("unknown flag: " + name + " (see --help)");
      } else if (i + 1 == arguments.length || arguments[i + 1].startsWith("--")) {
        throw new UsageException(name + " needs a value");
      } else if (given.put(name, arguments[++i]) != null) {
        throw new UsageException(name + " is given twice");
      }
    }
    for (String required : new String[] {"--pipeline", "--brokers"}) {
      if (!given.containsKey(required)) {
        throw new UsageException(required + " is missing (see --help)");
      }
    }
    String brokers = given.get("--brokers");
    if (!brokers.matches("[^\\s,:]+:\\d{1,5}(,[^\\s,:]+:\\d{1,5})*")) {
      throw new UsageException("--brokers must be HOST:PORT,... not " + brokers);
    }
    String trigger = given.getOrDefault("--trigger", "realtime");
    if (!trigger.equals("realtime") && !trigger.equals("micro-batch")) {
      throw new UsageException("--trigger must be realtime or micro-batch, not " + trigger);
    }
    boolean realTime = trigger.equals("realtime");
    if (realTime && given.containsKey("--max-offsets-per-batch")) {
      throw new UsageException("--max-offsets-per-batch is for --trigger micro-batch only");
    }
    return new JobArguments(Path.of(given.get("--pipeline")), brokers, given.get("--topic"), realTime,
        (int) number(given, "--chunk-rows", 1, 100_000, 5_000), (int) number(given, "--chunk-ms", 0, 60_000, 10),
        number(given, "--epoch-ms", 5_000, 86_400_000, 300_000), number(given, "--max-offsets-per-batch", 1, Long.MAX_VALUE, 0),
        given.containsKey("--checkpoint") ? Path.of(given.get("--checkpoint")) : null,
        given.containsKey("--status-file") ? Path.of(given.get("--status-file")) : null,
        !given.containsKey("--no-aggregates"), given.containsKey("--stop-at-latest"));
  }

  private static long number(Map<String, String> given, String name, long min, long max, long otherwise) {
    String text = given.get(name);
    if (text == null) {
      return otherwise;
    }
    try {
      long value = Long.parseLong(text);
      if (value >= min && value <= max) {
        return value;
      }
    } catch (NumberFormatException e) {
      // told below
    }
    throw new UsageException(name + " must be a whole number from " + min + (max == Long.MAX_VALUE ? "" : " to " + max) + ", not " + text);
  }

  String trigger() {
    return realTime ? "realtime" : "micro-batch";
  }
}
