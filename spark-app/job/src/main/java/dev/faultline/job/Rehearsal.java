package dev.faultline.job;

import dev.faultline.postgres.FieldList;
import dev.faultline.postgres.SinkRehearsal;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** A round of the query's work into nothing, on the executors: when it has ended, they have loaded what the query needs. */
final class Rehearsal {
  private static final long RECORDS = 500;

  private Rehearsal() {
  }

  /**
   * Reads the last records of each partition, one task per partition, encodes them and throws them away.
   *
   * @return false if a partition has no record yet: a task without records loads nothing
   */
  static boolean run(SparkSession spark, PipelineFile pipeline, JobArguments arguments) throws Exception {
    String topic = arguments.topic() == null ? pipeline.topic() : arguments.topic();
    KafkaTopic kafka = KafkaTopic.describe(arguments.brokers(), topic, pipeline.partitions());
    if (kafka.latest().entrySet().stream().anyMatch(e -> e.getValue() <= kafka.earliest().get(e.getKey()))) {
      return false;
    }
    Map<Integer, Long> from = new TreeMap<>();
    kafka.latest().forEach((partition, latest) -> from.put(partition, Math.max(kafka.earliest().get(partition), latest - RECORDS)));
    Dataset<Row> records = spark.read().format("kafka")
        .option("kafka.bootstrap.servers", arguments.brokers())
        .option("subscribe", topic)
        .option("startingOffsets", json(topic, from))
        .option("endingOffsets", json(topic, kafka.latest()))
        .option("failOnDataLoss", "false")
        .options(StreamQuery.CONSUMER)
        .load().select("partition", "offset", "key", "value");
    Map<String, String> sink = Map.of("table", pipeline.table(), "topic", topic, "generation", "1", "fields", FieldList.format(pipeline.fields()));
    records.foreachPartition(SinkRehearsal.of(sink, records.schema()));
    return true;
  }

  private static String json(String topic, Map<Integer, Long> offsets) {
    return offsets.entrySet().stream().map(e -> "\"" + e.getKey() + "\":" + e.getValue()).collect(Collectors.joining(",", "{\"" + topic + "\":{", "}}"));
  }
}
