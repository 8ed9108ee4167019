package dev.faultline.job;

import dev.faultline.source.HomeWorkers;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * The job's command line.
 *
 * @param topic null for the pipeline file's topic
 * @param chunkMs the longest time a record waits for its transaction, in Real-time Mode
 * @param epochMs the length of a Real-time Mode batch
 * @param maxOffsetsPerBatch the most records in one micro-batch; 0 for no limit
 * @param checkpoint null for the default folder
 * @param statusFile null for no status file
 * @param standby whether the job waits for the right to write, instead of claiming the table at once
 * @param driverName this driver's name among those that share the table
 * @param home where this driver's tasks are at home
 * @param kafkaDefaults leave the Kafka source's times as Kafka and Spark have them, to compare
 * @param synchronousCommit whether PostgreSQL makes a chunk durable before it answers
 */
record JobArguments(Path pipeline, String brokers, String topic, boolean realTime, int chunkRows, int chunkMs, long epochMs,
    long maxOffsetsPerBatch, Path checkpoint, Path statusFile, boolean aggregates, boolean stopAtLatest, boolean standby, String driverName,
    HomeWorkers home, boolean kafkaDefaults, boolean synchronousCommit, double maxRejectedRatio, boolean allowTriggers) {

  static final String HELP = """
      Streams a Kafka topic into a PostgreSQL table, each record exactly once.

      Usage: PipelineJob --pipeline FILE --brokers HOST:PORT,... [flags]

        --pipeline FILE            the pipeline file (YAML)
        --brokers H:P,...          the Kafka bootstrap servers
        --topic NAME               the topic to read [default: the pipeline file's topic]
        --trigger KIND             realtime or micro-batch [default: realtime]
        --chunk-rows N             the most rows in one transaction [default: 5000]
        --chunk-ms N               the longest time a record waits for its transaction; realtime only [default: 10]
        --epoch-ms N               the length of a Real-time Mode batch, at least 5000 [default: 300000]
        --max-offsets-per-batch N  the most records in one batch; micro-batch only [default: no limit]
        --checkpoint DIR           where Spark keeps its checkpoints; losing them is harmless [default: a folder in java.io.tmpdir]
        --status-file FILE         where the job writes its state as JSON, at each change and every second [default: none]
        --no-aggregates            do not update the aggregate tables
        --max-rejected-ratio R     end when more than this part of a partition's last records became dead letters; 1 for never [default: 0.5]
        --allow-triggers           the table may have BEFORE INSERT triggers for each row
        --no-synchronous-commit    PostgreSQL answers before a chunk is durable: a crash of the server makes the sink store the last ones again
        --stop-at-latest           stop with exit code 0 when the job has stored all records that existed at its start
        --standby                  share the table with other drivers that have this flag: one writes, the others are ready to take over
        --driver-name NAME         this driver's name among those that share the table [default: driver]
        --home-workers NAME,...    the workers that this driver's tasks prefer; with --standby the other driver should have others, so that no worker's
                                   loss takes both. A worker's name is SPARK_EXECUTOR_ATTRIBUTE_WORKER in its environment, else its host [default: any]
        --kafka-defaults           wait for Kafka as long as its consumers do by default, to compare
        --help                     print this text

      The job reads the PostgreSQL address from the environment: POSTGRES_HOST, POSTGRES_PORT [default: 5432], POSTGRES_DB, POSTGRES_USER,
      POSTGRES_PASSWORD. Spark reads its settings from the system properties -Dspark.*. Without spark.master, Spark runs inside this process.

      Without --standby, the job claims the table at once, and every driver that wrote before is refused. With --standby, the job first gets ready:
      its query runs, and its writers wait. So it waits for the right to write, which PostgreSQL gives to one driver at a time.

      Example:
        java @jvm.options -Dspark.master=spark://127.0.0.1:7077 -cp 'target/spark-home/jars/*' \\
          dev.faultline.job.PipelineJob --pipeline pipelines/payments.yaml --brokers 127.0.0.1:9092

      Exit codes:
        0    the job ended as asked
        10   a newer driver has claimed the table; do not start this one again (with --standby: a driver without --standby has claimed it)
        64   the flags are wrong
        74   records are missing in Kafka; a person must decide
        78   the pipeline file, the tables, the topic or the environment is wrong
        143  SIGTERM came, but the query did not stop in time; the job may be started again""";

  private static final Set<String> WITH_VALUE = Set.of("--pipeline", "--brokers", "--topic", "--trigger", "--chunk-rows", "--chunk-ms",
      "--epoch-ms", "--max-offsets-per-batch", "--checkpoint", "--status-file", "--driver-name", "--home-workers", "--max-rejected-ratio");
  private static final Set<String> SWITCHES = Set.of("--no-aggregates", "--stop-at-latest", "--standby", "--kafka-defaults",
      "--no-synchronous-commit", "--allow-triggers");

  /** @throws UsageException with one line that names the error */
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
        throw new UsageException(name + " is given more than once");
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
    if (given.containsKey("--standby") && given.containsKey("--stop-at-latest")) {
      throw new UsageException("--stop-at-latest is not for --standby: a job that may wait forever can't stop at an offset");
    }
    String driverName = given.getOrDefault("--driver-name", "driver");
    if (!driverName.matches("[A-Za-z0-9][A-Za-z0-9._-]{0,62}")) {
      throw new UsageException("--driver-name must be 1 to 63 letters, digits, '.', '_' or '-', not " + driverName);
    }
    String home = given.getOrDefault("--home-workers", "");
    if (!home.matches("([A-Za-z0-9][A-Za-z0-9._-]*(,[A-Za-z0-9][A-Za-z0-9._-]*)*)?")) {
      throw new UsageException("--home-workers must be names of workers with commas between them, not " + home);
    }
    return new JobArguments(Path.of(given.get("--pipeline")), brokers, given.get("--topic"), realTime,
        (int) number(given, "--chunk-rows", 1, 100_000, 5_000), (int) number(given, "--chunk-ms", 0, 60_000, 10),
        number(given, "--epoch-ms", 5_000, 86_400_000, 300_000), number(given, "--max-offsets-per-batch", 1, Long.MAX_VALUE, 0),
        given.containsKey("--checkpoint") ? Path.of(given.get("--checkpoint")) : null,
        given.containsKey("--status-file") ? Path.of(given.get("--status-file")) : null,
        !given.containsKey("--no-aggregates"), given.containsKey("--stop-at-latest"),
        given.containsKey("--standby"), driverName, HomeWorkers.parse(home), given.containsKey("--kafka-defaults"), !given.containsKey("--no-synchronous-commit"),
        ratio(given.getOrDefault("--max-rejected-ratio", "0.5")), given.containsKey("--allow-triggers"));
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

  private static double ratio(String text) {
    try {
      double value = Double.parseDouble(text);
      if (value >= 0 && value <= 1) {
        return value;
      }
    } catch (NumberFormatException e) {
      // told below
    }
    throw new UsageException("--max-rejected-ratio must be a number from 0 to 1, not " + text);
  }

  String trigger() {
    return realTime ? "realtime" : "micro-batch";
  }
}
