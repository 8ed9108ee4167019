package dev.faultline.bench;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * The peer's command line.
 *
 * @param maxOffsetsPerBatch the most records in one micro-batch
 * @param jdbcBatchRows the rows in one JDBC batch (Spark's option {@code batchsize})
 * @param rewrite whether to set pgjdbc's reWriteBatchedInserts
 * @param untilRows stop after the batch that brings the inserted rows to this number
 */
record StagingArguments(Path pipeline, String brokers, String topic, Path checkpoint, String staging, long maxOffsetsPerBatch,
    int jdbcBatchRows, boolean rewrite, long untilRows) {

  static final String HELP = """
      Streams a Kafka topic into a PostgreSQL table in the way that most people write it: foreachBatch, from_json, a JDBC
      write into a staging table, INSERT ... SELECT ... ON CONFLICT DO NOTHING. Benchmarks compare PipelineJob with it.

      Usage: StagingJob --pipeline FILE --brokers HOST:PORT,... --checkpoint DIR [flags]

        --pipeline FILE             the pipeline file (YAML)
        --brokers H:P,...           the Kafka bootstrap servers
        --checkpoint DIR            Spark's checkpoint; only it knows the source's offsets
        --topic NAME                the topic to read [default: the pipeline file's topic]
        --staging TABLE             an unlogged table, created if it is missing [default: the target's name and _staging]
        --max-offsets-per-batch N   the most records in one micro-batch [default: 300000]
        --jdbc-batch-rows N         the rows in one JDBC batch [default: 5000]
        --rewrite-batched-inserts   set pgjdbc's reWriteBatchedInserts=true
        --until-rows N              stop after the batch that brings the inserted rows to N [default: never]

      PostgreSQL: environment POSTGRES_HOST, POSTGRES_PORT, POSTGRES_DB, POSTGRES_USER, POSTGRES_PASSWORD.
      Standard output: one line of JSON per committed batch: {"batch":0,"rows":300000,"inserted":300000,"at_ms":1700000000000}""";

  private static final Set<String> WITH_VALUE = Set.of("--pipeline", "--brokers", "--topic", "--checkpoint", "--staging",
      "--max-offsets-per-batch", "--jdbc-batch-rows", "--until-rows");

  /** @throws IllegalArgumentException with one line that names the error */
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
