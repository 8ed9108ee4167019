package dev.faultline.source;

import dev.faultline.postgres.PostgresForeachWriter;
import org.apache.spark.TaskContext;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.connector.read.InputPartition;
import org.apache.spark.sql.connector.read.PartitionReader;
import org.apache.spark.sql.connector.read.PartitionReaderFactory;
import org.apache.spark.sql.kafka010.KafkaBatchInputPartition;
import org.apache.spark.sql.kafka010.KafkaOffsetRange;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Spark's readers, watched; that of a task that runs again leaves out what the sink has stored.
 *
 * <p>It can't leave out too much: the sink stores no record whose predecessor is missing. If the database goes back after it was asked, the
 * sink refuses the next record, and the task runs once more.
 */
final class ResumingReaderFactory implements PartitionReaderFactory {
  private static final long serialVersionUID = 1L;
  private static final Logger LOG = LoggerFactory.getLogger(ResumingReaderFactory.class);

  private final PartitionReaderFactory kafka;
  private final StoredOffsets stored;

  ResumingReaderFactory(PartitionReaderFactory kafka, StoredOffsets stored) {
    this.kafka = kafka;
    this.stored = stored;
  }

  @Override
  public PartitionReader<InternalRow> createReader(InputPartition partition) {
    TaskContext task = TaskContext.get();
    boolean again = task != null && (task.attemptNumber() > 0 || task.stageAttemptNumber() > 0);
    return WatchedReader.of(kafka.createReader(again ? rest((KafkaBatchInputPartition) partition) : partition), PostgresForeachWriter::checkThread);
  }

  private KafkaBatchInputPartition rest(KafkaBatchInputPartition partition) {
    KafkaOffsetRange range = partition.offsetRange();
    long from = restFrom(range.fromOffset(), range.untilOffset(), nextOffset(range.partition()));
    if (from == range.fromOffset()) {
      return partition;
    }
    LOG.info("partition {} goes on at offset {} instead of {}", range.partition(), from, range.fromOffset());
    KafkaOffsetRange rest = new KafkaOffsetRange(range.topicPartition(), from, range.untilOffset(), range.preferredLoc());
    return new KafkaBatchInputPartition(rest, partition.executorKafkaParams(), partition.pollTimeoutMs(), partition.failOnDataLoss(),
        partition.includeHeaders());
  }

  private long nextOffset(int partition) {
    try {
      return stored.nextOffset(partition);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return -1;
    }
  }

  /** Inside the range, in which a negative {@code from} or {@code until} stands for an offset that only the broker knows. */
  static long restFrom(long from, long until, long nextOffset) {
    if (from < 0 || nextOffset <= from) {
      return from;
    }
    return until < 0 ? nextOffset : Math.min(nextOffset, until);
  }
}
