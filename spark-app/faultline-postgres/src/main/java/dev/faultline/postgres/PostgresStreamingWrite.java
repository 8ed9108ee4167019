package dev.faultline.postgres;

import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.connector.write.DataWriter;
import org.apache.spark.sql.connector.write.PhysicalWriteInfo;
import org.apache.spark.sql.connector.write.WriterCommitMessage;
import org.apache.spark.sql.connector.write.streaming.StreamingDataWriterFactory;
import org.apache.spark.sql.connector.write.streaming.StreamingWrite;

/**
 * The driver's side of a micro-batch. It commits nothing: each task commits for itself, and {@code next_offset}
 * makes a retried task harmless. So Spark's commit coordinator, which costs a round trip per task, is off.
 */
final class PostgresStreamingWrite implements StreamingWrite {
  private final SinkQuery query;

  PostgresStreamingWrite(SinkQuery query) {
    this.query = query;
  }

  @Override
  public StreamingDataWriterFactory createStreamingWriterFactory(PhysicalWriteInfo info) {
    return new Factory(query);
  }

  @Override
  public boolean useCommitCoordinator() {
    return false;
  }

  @Override
  public void commit(long epochId, WriterCommitMessage[] messages) {
    // see the class comment
  }

  @Override
  public void abort(long epochId, WriterCommitMessage[] messages) {
    // chunks that tasks committed stay: they are a prefix of their partition, and the next attempt drops them as replays
  }

  private record Factory(SinkQuery query) implements StreamingDataWriterFactory {
    @Override
    public DataWriter<InternalRow> createWriter(int partitionId, long taskId, long epochId) {
      return new PostgresDataWriter(query);
    }

    @Override
    public String toString() {
      return "faultline-postgres";
    }
  }
}
