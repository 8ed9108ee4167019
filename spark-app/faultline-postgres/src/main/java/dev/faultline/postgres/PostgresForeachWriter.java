package dev.faultline.postgres;

import java.util.HashMap;
import java.util.Map;
import java.util.function.ToIntFunction;
import org.apache.spark.sql.ForeachWriter;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.StructType;

/**
 * The sink for Real-time Mode: {@code df.writeStream().foreach(PostgresForeachWriter.of(options, df.schema()))}.
 * In that mode Spark 4.2 allows only its own sinks and a ForeachWriter (RealTimeModeAllowlist).
 * What the writer of a partition throws is the cause of a {@link PartitionException}.
 */
public final class PostgresForeachWriter extends ForeachWriter<Row> {
  private static final ThreadLocal<PostgresForeachWriter> OF_THREAD = new ThreadLocal<>();

  private final SinkQuery query;
  private transient ExternalRowValues values;
  private transient Map<Integer, RecordWriter<byte[]>> jsonWriters;
  private transient Map<Integer, RecordWriter<RowValues>> typedWriters;

  private PostgresForeachWriter(SinkQuery query) {
    this.query = query;
  }

  /**
   * @param options the same options as for micro-batches; see README.md
   * @param schema the schema of the rows
   * @throws SinkConfigurationException at the first error in the options
   * @throws SinkUnavailableException if PostgreSQL cannot be reached
   */
  public static PostgresForeachWriter of(Map<String, String> options, StructType schema) {
    return new PostgresForeachWriter(SinkQuery.of(options, System.getenv(), schema));
  }

  @Override
  public boolean open(long partitionId, long epochId) {
    values = new ExternalRowValues();
    jsonWriters = new HashMap<>();
    typedWriters = new HashMap<>();
    OF_THREAD.set(this);
    return true;
  }

  @Override
  public void process(Row row) {
    RowLayout layout = query.layout();
    if (layout.topic() >= 0 && !query.plan().topic().equals(row.getString(layout.topic()))) {
      throw new SinkConfigurationException("the input has a record of topic " + row.getString(layout.topic()) + ", but the sink's topic is " + query.plan().topic());
    }
    int partition = row.getInt(layout.partition());
    try {
      append(layout, partition, row);
    } catch (RuntimeException e) {
      throw new PartitionException(query.plan().topic(), partition, e);
    }
  }

  private void append(RowLayout layout, int partition, Row row) {
    long offset = row.getLong(layout.offset());
    if (layout.isTyped()) {
      RecordWriter<RowValues> writer = typedWriters.get(partition);
      if (writer == null) {
        writer = writer(partition, query.typedEncoder(), record -> ((ExternalRowValues) record).bytes());
        typedWriters.put(partition, writer);
      }
      // a standby keeps rows, so each needs its own view
      writer.append(offset, null, null, query.plan().isStandby() ? new ExternalRowValues().of(row) : values.of(row));
    } else {
      RecordWriter<byte[]> writer = jsonWriters.get(partition);
      if (writer == null) {
        writer = writer(partition, query.jsonEncoder(), record -> record == null ? 0 : record.length);
        jsonWriters.put(partition, writer);
      }
      byte[] value = (byte[]) row.get(layout.value());
      writer.append(offset, layout.key() < 0 ? null : (byte[]) row.get(layout.key()), value, value);
    }
  }

  private <R> RecordWriter<R> writer(int partition, RecordEncoder<R> encoder, ToIntFunction<R> bytes) {
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
    Map<Integer, RecordWriter<RowValues>> typed = typedWriters;
    jsonWriters = null;
    typedWriters = null;
    OF_THREAD.remove();
    boolean finished = false;
    try {
      if (errorOrNull == null) {
        String topic = query.plan().topic();
        json.forEach((partition, writer) -> PartitionException.run(topic, partition, writer::finish));
        typed.forEach((partition, writer) -> PartitionException.run(topic, partition, writer::finish));
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
