package dev.faultline.job;

import dev.faultline.postgres.FieldList;
import dev.faultline.postgres.SinkClaim;
import dev.faultline.source.ResumingKafka;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeoutException;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.streaming.DataStreamReader;
import org.apache.spark.sql.streaming.DataStreamWriter;
import org.apache.spark.sql.streaming.StreamingQuery;
import org.apache.spark.sql.streaming.Trigger;

/**
 * Builds and starts the query of one claim. It reads from the claim's offsets and writes into the table; with a claim of generation 0,
 * which is a preview, it writes when its holder has claimed the table.
 */
final class StreamQuery {
  /**
   * A dead leader must be noticed and its successor found within seconds: the defaults take 30 s for a frozen broker
   * and five minutes for metadata that no error refreshes. docs/tuning.md explains each value.
   */
  private static final Map<String, String> TIMES = Map.ofEntries(
      // a frozen broker costs this time for the fetch and once more for the next connection: above fetch.max.wait.ms
      Map.entry("kafka.request.timeout.ms", "1000"),
      Map.entry("kafka.fetch.max.wait.ms", "250"),
      Map.entry("kafka.default.api.timeout.ms", "20000"),
      Map.entry("kafka.metadata.max.age.ms", "2000"),
      Map.entry("kafka.socket.connection.setup.timeout.ms", "1000"),
      Map.entry("kafka.socket.connection.setup.timeout.max.ms", "2000"),
      Map.entry("kafka.reconnect.backoff.max.ms", "250"),
      // each answer that names the dead leader again doubles the wait before the next question
      Map.entry("kafka.retry.backoff.ms", "50"),
      Map.entry("kafka.retry.backoff.max.ms", "200"),
      Map.entry("kafkaConsumer.pollTimeoutMs", "20000"));

  private static final Map<String, String> CONSUMER = Map.ofEntries(
      Map.entry("kafka.max.poll.records", "2000"),
      Map.entry("kafka.max.partition.fetch.bytes", "2097152"),
      Map.entry("kafka.receive.buffer.bytes", "1048576"));

  private StreamQuery() {
  }

  static StreamingQuery start(SparkSession spark, JobArguments arguments, PipelineFile pipeline, SinkClaim claim, Path checkpoint)
      throws TimeoutException {
    DataStreamReader reader = spark.readStream().format(ResumingKafka.class.getName())
        .option(ResumingKafka.TABLE, pipeline.table())
        .option(ResumingKafka.TOPIC, claim.topic())
        .option(ResumingKafka.HOLDER, claim.holder())
        .option(ResumingKafka.HOME, arguments.home().toString())
        .option("kafka.bootstrap.servers", arguments.brokers())
        .option("subscribe", claim.topic())
        .option("startingOffsets", claim.startingOffsetsJson())
        .option("failOnDataLoss", "true")
        .options(consumer(arguments));
    if (arguments.maxOffsetsPerBatch() > 0) {
      reader.option("maxOffsetsPerTrigger", arguments.maxOffsetsPerBatch());
    }
    Dataset<Row> records = reader.load().select("partition", "offset", "key", "value");
    Map<String, String> options = sinkOptions(arguments, pipeline, claim);
    DataStreamWriter<Row> writer = records.writeStream().queryName(pipeline.name()).option("checkpointLocation", checkpoint.toString());
    return writer.format("faultline-postgres").options(options).outputMode(arguments.realTime() ? "update" : "append")
        .trigger(arguments.realTime() ? Trigger.RealTime(arguments.epochMs()) : Trigger.ProcessingTime(0)).start();
  }

  static Map<String, String> consumer(JobArguments arguments) {
    Map<String, String> options = new HashMap<>(CONSUMER);
    if (!arguments.kafkaDefaults()) {
      options.putAll(TIMES);
    }
    return options;
  }

  private static Map<String, String> sinkOptions(JobArguments arguments, PipelineFile pipeline, SinkClaim claim) {
    Map<String, String> options = new HashMap<>();
    options.put("table", pipeline.table());
    options.put("topic", claim.topic());
    options.put("holder", claim.holder());
    if (claim.generation() == 0) {
      options.put("standby", "true");
    } else {
      options.put("generation", Long.toString(claim.generation()));
    }
    options.put("fields", FieldList.format(pipeline.fields()));
    options.put("chunkRows", Integer.toString(arguments.chunkRows()));
    options.put("synchronousCommit", arguments.synchronousCommit() ? "on" : "off");
    options.put("maxRejectedRatio", Double.toString(arguments.maxRejectedRatio()));
    options.put("allowTriggers", Boolean.toString(arguments.allowTriggers()));
    options.put("chunkMs", Integer.toString(arguments.chunkMs()));
    if (arguments.aggregates() && pipeline.aggregates() != null) {
      options.put("aggregates", pipeline.aggregates().toString());
    }
    return options;
  }
}
