package dev.faultline.postgres;

import java.io.Serializable;
import java.util.HashMap;
import java.util.Map;
import java.util.function.ToIntFunction;
import org.apache.spark.sql.ForeachWriter;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.connector.catalog.Table;
import org.apache.spark.sql.execution.streaming.sources.ForeachWriterTable;
import org.apache.spark.unsafe.types.UTF8String;
import scala.runtime.AbstractFunction1;
import scala.util.Right;

/**
 * The sink's end in a Spark task, with both triggers. In Real-time Mode Spark 4.2 allows only its own sinks and a ForeachWriter (RealTimeModeAllowlist), so it is one.
 * It takes Spark's own rows: a conversion would cost time, and java.sql's dates and strings can't hold all that a row holds.
 * What the writer of a partition throws is the cause of a {@link PartitionException}.
 */
public final class PostgresForeachWriter extends ForeachWriter<InternalRow> {
  private static final ThreadLocal<PostgresForeachWriter> OF_THREAD = new ThreadLocal<>();

  /** Spark's converter of rows, which has nothing to do here. */
  private static final class Same extends AbstractFunction1<InternalRow, InternalRow> implements Serializable {
    private static final long serialVersionUID = 1L;

    @Override
    public InternalRow apply(InternalRow row) {
      return row;
    }
  }

  private final SinkQuery query;
  private transient InternalRowValues values;
  private transient UTF8String topic;
  private transient Map<Integer, RecordWriter<byte[]>> jsonWriters;
  private transient Map<Integer, RecordWriter<InternalRowValues>> typedWriters;

  PostgresForeachWriter(SinkQuery query) {
    this.query = query;
  }

  /** The table that Spark writes to. Its class must be exactly this one: Real-time Mode's list has it by name. */
  static Table table(SinkQuery query) {
    return new ForeachWriterTable<>(new PostgresForeachWriter(query), new Right<>(new Same()));
  }

  @Override
  public boolean open(long partitionId, long epochId) {
    values = new InternalRowValues(query.layout().schema());
    topic = UTF8String.fromString(query.plan().topic());
    jsonWriters = new HashMap<>();
    typedWriters = new HashMap<>();
    OF_THREAD.set(this);
    return true;
  }

  @Override
  public void process(InternalRow row) {
    RowLayout layout = query.layout();
    if (layout.topic() >= 0 && !topic.equals(row.getUTF8String(layout.topic()))) {
      throw new SinkConfigurationException("the input has a record of topic " + row.getUTF8String(layout.topic()) + ", but the sink's topic is " + topic);
    }
    int partition = row.getInt(layout.partition());
    try {
      append(layout, partition, row);
    } catch (RuntimeException e) {
      throw new PartitionException(query.plan().topic(), partition, e);
    }
  }

  private void append(RowLayout layout, int partition, InternalRow row) {
    long offset = row.getLong(layout.offset());
    if (layout.isTyped()) {
      RecordWriter<InternalRowValues> writer = typedWriters.get(partition);
      if (writer == null) {
        writer = writer(partition, query.typedEncoder(), InternalRowValues::bytes);
        typedWriters.put(partition, writer);
      }
      values.of(row);
      // a standby keeps rows
      writer.append(offset, null, null, query.plan().isStandby() ? values.copy() : values);
    } else {
      RecordWriter<byte[]> writer = jsonWriters.get(partition);
      if (writer == null) {
        writer = writer(partition, query.jsonEncoder(), record -> record == null ? 0 : record.length);
        jsonWriters.put(partition, writer);
      }
      byte[] value = row.isNullAt(layout.value()) ? null : row.getBinary(layout.value());
      writer.append(offset, layout.key() < 0 || row.isNullAt(layout.key()) ? null : row.getBinary(layout.key()), value, value);
    }
  }

  private <R> RecordWriter<R> writer(int partition, RecordEncoder<? super R> encoder, ToIntFunction<R> bytes) {
    if (query.plan().isStandby()) {
      return new GatedWriter<>(query.plan(), partition, encoder, query.chunkMs(), bytes);
    }
    return new BackgroundWriter<>(new PartitionWriter<>(query.plan(), partition, encoder), partition, query.chunkMs());
  }

  /**
   * For a source that waits for records in the thread of a task: on a quiet partition no record may come for hours, and an error of the
   * threads that store the earlier ones would stay hidden for so long.
   *
   * @throws PartitionException with what went wrong as its cause
   */
  public static void checkThread() {
    PostgresForeachWriter writer = OF_THREAD.get();
    if (writer != null && writer.jsonWriters != null) {
      String topic = writer.query.plan().topic();
      writer.jsonWriters.forEach((partition, one) -> PartitionException.run(topic, partition, one::check));
      writer.typedWriters.forEach((partition, one) -> PartitionException.run(topic, partition, one::check));
    }
  }

  @Override
  public void close(Throwable errorOrNull) {
    if (jsonWriters == null) {
      return;
    }
    Map<Integer, RecordWriter<byte[]>> json = jsonWriters;
    Map<Integer, RecordWriter<InternalRowValues>> typed = typedWriters;
    jsonWriters = null;
    typedWriters = null;
    OF_THREAD.remove();
    boolean finished = false;
    try {
      if (errorOrNull == null) {
        String name = query.plan().topic();
        json.forEach((partition, writer) -> PartitionException.run(name, partition, writer::finish));
        typed.forEach((partition, writer) -> PartitionException.run(name, partition, writer::finish));
        finished = true;
      }
    } finally {
      if (!finished) {
        json.values().forEach(RecordWriter::discard);
        typed.values().forEach(RecordWriter::discard);
      }
    }
  }

  @Override
  public String toString() {
    return "faultline-postgres";
  }
}
