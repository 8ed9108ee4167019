package dev.faultline.job;

import dev.faultline.postgres.DataLossException;
import dev.faultline.postgres.DriverRight;
import dev.faultline.postgres.PostgresAddress;
import dev.faultline.postgres.SinkClaim;
import dev.faultline.postgres.SinkConfigurationException;
import dev.faultline.postgres.SinkTimeouts;
import java.sql.SQLException;
import java.util.Map;

/** Claims the table for a query, and holds what {@code sink_offsets} says against what the brokers say. */
final class TableClaim {
  /** How long a topic may seem missing, or shorter than sink_offsets says, before it counts: brokers that start know late. */
  private static final long SETTLE_MS = 30_000;

  private final JobArguments arguments;
  private final PipelineFile pipeline;
  private final PostgresAddress address;
  private final String topic;
  private long unsettledSinceMs;
  private Map<Integer, Long> earliest;
  private Map<Integer, Long> stopAt;

  TableClaim(JobArguments arguments, PipelineFile pipeline, PostgresAddress address, String topic) {
    this.arguments = arguments;
    this.pipeline = pipeline;
    this.address = address;
    this.topic = topic;
  }

  /** The offsets that were the latest at the first look, if the job stops there; else null. */
  Map<Integer, Long> stopAt() {
    return stopAt;
  }

  /** Claims the table at once: whoever wrote before is fenced. */
  SinkClaim take(String holder) throws Exception {
    KafkaTopic kafka = describe();
    return check(SinkClaim.take(address, SinkTimeouts.DEFAULT, pipeline.table(), topic, kafka.earliest(), holder), kafka);
  }

  /** Where a query of this holder would start now; claims nothing. */
  SinkClaim preview(String holder) throws Exception {
    KafkaTopic kafka = describe();
    return check(SinkClaim.preview(address, SinkTimeouts.DEFAULT, pipeline.table(), topic, kafka.earliest(), holder), kafka);
  }

  /** Claims the table after a {@link #preview}. It asks no broker again, because a broker may be what has just died. */
  SinkClaim take(DriverRight right) throws SQLException {
    return right.claim(earliest);
  }

  private KafkaTopic describe() throws Exception {
    try {
      KafkaTopic kafka = KafkaTopic.describe(arguments.brokers(), topic, pipeline.partitions());
      if (arguments.stopAtLatest() && stopAt == null) {
        stopAt = kafka.latest();
      }
      earliest = kafka.earliest();
      return kafka;
    } catch (KafkaTopic.Missing e) {
      settle(new SinkConfigurationException(e.getMessage()));
      throw e;
    }
  }

  private SinkClaim check(SinkClaim claim, KafkaTopic kafka) {
    for (Map.Entry<Integer, Long> partition : claim.startOffsets().entrySet()) {
      long latest = kafka.latest().get(partition.getKey());
      if (partition.getValue() > latest) {
        // a leader that was just elected may not know its high watermark yet
        DataLossException loss = new DataLossException("records are lost: " + topic + "/" + partition.getKey()
            + " ends at offset " + latest + ", but sink_offsets is at offset " + partition.getValue() + "; was the topic deleted and created again?");
        settle(loss);
        throw new IllegalStateException(loss.getMessage());
      }
    }
    unsettledSinceMs = 0;
    return claim;
  }

  /** Raises {@code finding} when it has stood for {@link #SETTLE_MS}. */
  private void settle(RuntimeException finding) {
    long now = System.currentTimeMillis();
    unsettledSinceMs = unsettledSinceMs == 0 ? now : unsettledSinceMs;
    if (now - unsettledSinceMs >= SETTLE_MS) {
      throw finding;
    }
  }
}
