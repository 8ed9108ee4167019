package dev.faultline.bench;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * The command line.
 *
 * @param maxOffsetsPerBatch records of one micro-batch
 * @param jdbcBatchRows rows of one JDBC batch (Spark's option `batchsize`)
 * @param rewrite pgjdbc's reWriteBatchedInserts
 * @param untilRows end after the batch with which this many rows were inserted
 */
record StagingArguments(Path pipeline, String brokers, String topic, Path checkpoint, String staging, long maxOffsetsPerBatch,
    int jdbcBatchRows, boolean rewrite, long untilRows) {

  static final String HELP = """
      Streams a Kafka topic into a PostgreSQL table as most people write it: foreachBatch, from_json, a JDBC write into a
      staging table, INSERT ... SELECT ... ON CONFLICT DO NOTHING. The peer of PipelineJob in benchmarks.

      Usage: StagingJob --pipeline FILE --brokers HOST:PORT,... --checkpoint DIR [flags]

        --pipeline FILE             pipeline file (YAML)
        --brokers H:P,...           Kafka bootstrap servers
        --checkpoint DIR            Spark's checkpoint: the source's offsets are here and nowhere else
        --topic NAME                default: the pipeline file's
        --staging TABLE             unlogged table, made if it is missing (default: the target's name and _staging)
        --max-offsets-per-batch N   records of one micro-batch (300000)
        --jdbc-batch-rows N         rows of one JDBC batch (5000)
        --rewrite-batched-inserts   pgjdbc's reWriteBatchedInserts=true
        --until-rows N              end after the batch with which N rows were inserted (never)

      PostgreSQL: environment POSTGRES_HOST, POSTGRES_PORT, POSTGRES_DB, POSTGRES_USER, POSTGRES_PASSWORD.
      Standard output: one line of JSON per committed batch: {"batch":0,"rows":300000,"inserted":300000,"at_ms":1700000000000}""";

  private static final Set<String> WITH_VALUE = Set.of("--pipeline", "--brokers", "--topic", "--checkpoint", "--staging",
      "--max-offsets-per-batch", "--jdbc-batch-rows", "--until-rows");

  /** @throws IllegalArgumentException with one line that says what is wrong */
  static StagingArguments parse(String[] arguments) {
    Map<String, String> given = new HashMap<>();
    for (int i = 0; i < arguments.length; i++) {
      String name = arguments[i];
      if (name.equals("--rewrite-batched-inserts")) {
        given.put(name, "");
      } else if (!WITH_VALUE.contains(name)) {
        throw new IllegalArgumentException("unknown flag: " + name + " (see --help)");
      } else if (i + 1 == arguments.length) {
        throw new IllegalArgumentException(name + " needs a value");
      } else {
        given.put(name, arguments[++i]);
      }
    }
    for (String required : new String[] {"--pipeline", "--brokers", "--checkpoint"}) {
      if (!given.containsKey(required)) {
        throw new IllegalArgumentException(required + " is missing (see --help)");
      }
    }
    return new StagingArguments(Path.of(given.get("--pipeline")), given.get("--brokers"), given.get("--topic"), Path.of(given.get("--checkpoint")),
        given.get("--staging"), number(given, "--max-offsets-per-batch", 300_000), (int) Math.min(Integer.MAX_VALUE, number(given, "--jdbc-batch-rows", 5_000)),
        given.containsKey("--rewrite-batched-inserts"), number(given, "--until-rows", Long.MAX_VALUE));
  }

  private static long number(Map<String, String> given, String name, long otherwise) {
    String text = given.get(name);
    if (text == null) {
      return otherwise;
    }
    if (!text.matches("[1-9][0-9]{0,17}")) {
      throw new IllegalArgumentException(name + " must be a whole number above 0, not " + text);
    }
    return Long.parseLong(text);
  }
}
