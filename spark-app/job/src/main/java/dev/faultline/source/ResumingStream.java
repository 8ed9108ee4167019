package dev.faultline.source;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.SparkContext;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.connector.read.InputPartition;
import org.apache.spark.sql.connector.read.PartitionReaderFactory;
import org.apache.spark.sql.connector.read.streaming.MicroBatchStream;
import org.apache.spark.sql.connector.read.streaming.Offset;
import org.apache.spark.sql.connector.read.streaming.PartitionOffset;
import org.apache.spark.sql.connector.read.streaming.ReadLimit;
import org.apache.spark.sql.connector.read.streaming.ReportsSourceMetrics;
import org.apache.spark.sql.connector.read.streaming.SupportsRealTimeMode;
import org.apache.spark.sql.connector.read.streaming.SupportsTriggerAvailableNow;
import org.apache.spark.sql.kafka010.KafkaBatchInputPartition;
import org.apache.spark.sql.kafka010.KafkaMicroBatchStream;
import org.apache.spark.sql.kafka010.KafkaOffsetRange;
import scala.Option;

/** Spark's Kafka stream with another reader, and tasks that prefer their home; everything else is Spark's. It offers all that {@link KafkaMicroBatchStream} offers in Spark 4.2. */
final class ResumingStream implements MicroBatchStream, SupportsRealTimeMode, SupportsTriggerAvailableNow, ReportsSourceMetrics {
  private final KafkaMicroBatchStream kafka;
  private final StoredOffsets stored;
  private final HomeWorkers home;

  ResumingStream(KafkaMicroBatchStream kafka, StoredOffsets stored, HomeWorkers home) {
    this.kafka = kafka;
    this.stored = stored;
    this.home = home;
  }

  @Override
  public PartitionReaderFactory createReaderFactory() {
    return new ResumingReaderFactory(kafka.createReaderFactory(), stored);
  }

  @Override
  public InputPartition[] planInputPartitions(Offset start, Offset end) {
    return at(home.forBatch(context()), kafka.planInputPartitions(start, end));
  }

  @Override
  public InputPartition[] planInputPartitions(Offset start) {
    return at(home.forLongTasks(context()), kafka.planInputPartitions(start));
  }

  private static SparkContext context() {
    return SparkSession.active().sparkContext();
  }

  private static InputPartition[] at(List<String> locations, InputPartition[] partitions) {
    return locations.isEmpty() ? partitions
        : Arrays.stream(partitions).map(one -> at(locations, (KafkaBatchInputPartition) one)).toArray(InputPartition[]::new);
  }

  private static InputPartition at(List<String> locations, KafkaBatchInputPartition one) {
    KafkaOffsetRange range = one.offsetRange();
    String location = locations.get(range.partition() % locations.size());
    return new KafkaBatchInputPartition(new KafkaOffsetRange(range.topicPartition(), range.fromOffset(), range.untilOffset(), Option.apply(location)),
        one.executorKafkaParams(), one.pollTimeoutMs(), one.failOnDataLoss(), one.includeHeaders());
  }

  @Override
  public Offset mergeOffsets(PartitionOffset[] offsets) {
    return kafka.mergeOffsets(offsets);
  }

  @Override
  public void prepareForRealTimeMode() {
    kafka.prepareForRealTimeMode();
  }

  @Override
  public void prepareForTriggerAvailableNow() {
    kafka.prepareForTriggerAvailableNow();
  }

  @Override
  public Offset initialOffset() {
    return kafka.initialOffset();
  }

  @Override
  public Offset latestOffset() {
    return kafka.latestOffset();
  }

  @Override
  public Offset latestOffset(Offset start, ReadLimit limit) {
    return kafka.latestOffset(start, limit);
  }

  @Override
  public Offset reportLatestOffset() {
    return kafka.reportLatestOffset();
  }

  @Override
  public ReadLimit getDefaultReadLimit() {
    return kafka.getDefaultReadLimit();
  }

  @Override
  public Offset deserializeOffset(String json) {
    return kafka.deserializeOffset(json);
  }

  @Override
  public void commit(Offset end) {
    kafka.commit(end);
  }

  @Override
  public Map<String, String> metrics(Optional<Offset> latestConsumedOffset) {
    return kafka.metrics(latestConsumedOffset);
  }

  @Override
  public void stop() {
    kafka.stop();
  }

  @Override
  public String toString() {
    return kafka.toString();
  }
}
