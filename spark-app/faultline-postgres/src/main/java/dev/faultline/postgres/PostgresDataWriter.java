package dev.faultline.postgres;

import java.util.HashMap;
import java.util.Map;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.connector.write.DataWriter;
import org.apache.spark.sql.connector.write.WriterCommitMessage;
import org.apache.spark.unsafe.types.UTF8String;

/**
 * Writes one task of a micro-batch. A task may contain several Kafka partitions, each complete and in offset order.
 * What the writer of a partition throws is the cause of a {@link PartitionException}.
 */
final class PostgresDataWriter implements DataWriter<InternalRow> {
  private static final WriterCommitMessage DONE = new WriterCommitMessage() {
  };

  private final SinkQuery query;
  private final RowLayout layout;
  private final UTF8String topic;
  private final InternalRowValues values;
  private final Map<Integer, PartitionWriter<byte[]>> jsonWriters = new HashMap<>();
  private final Map<Integer, PartitionWriter<RowValues>> typedWriters = new HashMap<>();

  PostgresDataWriter(SinkQuery query) {
    this.query = query;
    this.layout = query.layout();
    this.topic = UTF8String.fromString(query.plan().topic());
    this.values = new InternalRowValues(layout.schema());
  }

  @Override
  public void write(InternalRow row) {
    if (layout.topic() >= 0 && !topic.equals(row.getUTF8String(layout.topic()))) {
      throw new SinkConfigurationException("the input has a record of topic " + row.getUTF8String(layout.topic()) + ", but the sink's topic is " + topic);
    }
    int partition = row.getInt(layout.partition());
    try {
      append(partition, row);
    } catch (RuntimeException e) {
      throw new PartitionException(query.plan().topic(), partition, e);
    }
  }

  private void append(int partition, InternalRow row) {
    long offset = row.getLong(layout.offset());
    if (layout.isTyped()) {
      PartitionWriter<RowValues> writer = typedWriters.get(partition);
      if (writer == null) {
        writer = new PartitionWriter<>(query.plan(), partition, query.typedEncoder());
        typedWriters.put(partition, writer);
      }
      writer.append(offset, null, null, values.of(row));
      flushIfFull(writer);
    } else {
      PartitionWriter<byte[]> writer = jsonWriters.get(partition);
      if (writer == null) {
        writer = new PartitionWriter<>(query.plan(), partition, query.jsonEncoder());
        jsonWriters.put(partition, writer);
      }
      byte[] value = row.isNullAt(layout.value()) ? null : row.getBinary(layout.value());
      writer.append(offset, layout.key() < 0 || row.isNullAt(layout.key()) ? null : row.getBinary(layout.key()), value, value);
      flushIfFull(writer);
    }
  }

  private static void flushIfFull(PartitionWriter<?> writer) {
    if (writer.isFull()) {
      writer.flush();
    }
  }

  @Override
  public WriterCommitMessage commit() {
    String topic = query.plan().topic();
    jsonWriters.forEach((partition, writer) -> PartitionException.run(topic, partition, writer::flush));
    typedWriters.forEach((partition, writer) -> PartitionException.run(topic, partition, writer::flush));
    return DONE;
  }

  @Override
  public void abort() {
    // what is buffered is in no transaction
  }

  @Override
  public void close() {
    jsonWriters.values().forEach(PartitionWriter::close);
    typedWriters.values().forEach(PartitionWriter::close);
  }
}
