package dev.faultline.job;

import dev.faultline.postgres.FieldList;
import dev.faultline.postgres.SinkRehearsal;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * A round of the query's work into nothing, on the executors: when it has ended, they have loaded what the query needs.
 *
 * <p>Beside a query that runs, each executor gets one task, because more would take the slots that the query's tasks may need in the next moment.
 * Spark's Kafka source prefers an executor for each partition, by a hash that gives consecutive partitions to different executors.
 */
final class Rehearsal {
  private static final long RECORDS = 500;

  private Rehearsal() {
  }

  /** As {@link #run}, with as many tasks as there are executors. */
  static boolean runBesideQuery(SparkSession spark, PipelineFile pipeline, JobArguments arguments) throws Exception {
    // the driver is among those that Spark tells
    return run(spark, pipeline, arguments, Math.max(1, spark.sparkContext().statusTracker().getExecutorInfos().length - 1));
  }

  /**
   * Reads the last records of so many partitions, one task each, encodes them and throws them away.
   *
   * @return false if one of them has no record yet: a task without records loads nothing
   */
  static boolean run(SparkSession spark, PipelineFile pipeline, JobArguments arguments, int tasks) throws Exception {
    String topic = arguments.topic() == null ? pipeline.topic() : arguments.topic();
    KafkaTopic kafka = KafkaTopic.describe(arguments.brokers(), topic, pipeline.partitions());
    Map<Integer, Long> from = new TreeMap<>();
    Map<Integer, Long> to = new TreeMap<>();
    for (int partition = 0; partition < Math.min(tasks, pipeline.partitions()); partition++) {
      long earliest = kafka.earliest().get(partition);
      long latest = kafka.latest().get(partition);
      if (latest <= earliest) {
        return false;
      }
      from.put(partition, Math.max(earliest, latest - RECORDS));
      to.put(partition, latest);
    }
    Dataset<Row> records = spark.read().format("kafka")
        .option("kafka.bootstrap.servers", arguments.brokers())
        .option("assign", "{\"" + topic + "\":" + from.keySet() + "}")
        .option("startingOffsets", json(topic, from))
        .option("endingOffsets", json(topic, to))
        .option("failOnDataLoss", "false")
        .options(StreamQuery.consumer(arguments))
        .load().select("partition", "offset", "key", "value");
    Map<String, String> sink = Map.of("table", pipeline.table(), "topic", topic, "generation", "1", "fields", FieldList.format(pipeline.fields()), "allowTriggers", "true");
    records.foreachPartition(SinkRehearsal.of(sink, records.schema()));
    return true;
  }

  private static String json(String topic, Map<Integer, Long> offsets) {
    return offsets.entrySet().stream().map(e -> "\"" + e.getKey() + "\":" + e.getValue()).collect(Collectors.joining(",", "{\"" + topic + "\":{", "}}"));
  }
}
