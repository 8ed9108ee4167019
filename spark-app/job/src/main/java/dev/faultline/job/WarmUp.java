package dev.faultline.job;

import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** A round of work into nothing: when it has ended, executors are there and have loaded what the query needs. */
final class WarmUp {
  private static final long RECORDS = 500;

  private WarmUp() {
  }

  /** Reads the last records of each partition on the executors, one task per partition, and throws them away. */
  static void run(SparkSession spark, JobSetup setup) throws Exception {
    KafkaTopic kafka = KafkaTopic.describe(setup.arguments().brokers(), setup.topic(), setup.pipeline().partitions());
    Map<Integer, Long> from = new TreeMap<>();
    kafka.latest().forEach((partition, latest) -> from.put(partition, Math.max(kafka.earliest().get(partition), latest - RECORDS)));
    Dataset<Row> records = spark.read().format("kafka")
        .option("kafka.bootstrap.servers", setup.arguments().brokers())
        .option("subscribe", setup.topic())
        .option("startingOffsets", json(setup.topic(), from))
        .option("endingOffsets", json(setup.topic(), kafka.latest()))
        .option("failOnDataLoss", "false")
        .options(StreamQuery.CONSUMER)
        .load().select("partition", "offset", "key", "value");
    records.write().format("noop").mode("overwrite").save();
    // an empty topic gives no task
    spark.range(0, setup.pipeline().partitions(), 1, setup.pipeline().partitions()).write().format("noop").mode("overwrite").save();
  }

  private static String json(String topic, Map<Integer, Long> offsets) {
    return offsets.entrySet().stream().map(e -> "\"" + e.getKey() + "\":" + e.getValue()).collect(Collectors.joining(",", "{\"" + topic + "\":{", "}}"));
  }
}
