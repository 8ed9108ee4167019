package dev.faultline.job;

import dev.faultline.postgres.DataLossException;
import dev.faultline.postgres.DriverRight;
import dev.faultline.postgres.PostgresAddress;
import dev.faultline.postgres.SinkClaim;
import dev.faultline.postgres.SinkConfigurationException;
import dev.faultline.postgres.SinkTimeouts;
import java.sql.SQLException;
import java.util.Map;
import java.util.TreeMap;

/** Claims the table for a query, and holds what {@code sink_offsets} says against what the brokers say. */
final class TableClaim {
  /** How long a topic may seem missing, or shorter than sink_offsets says, before it counts: brokers that start know late. */
  private static final long SETTLE_MS = 30_000;
  private static final long REHEARSAL_RECORDS = 500;
  private static final int MISSING = 0;
  private static final int SHORT = 1;

  private final JobArguments arguments;
  private final PipelineFile pipeline;
  private final PostgresAddress address;
  private final String topic;
  /** Since when the topic has seemed missing, and since when shorter than sink_offsets says; 0 for it does not. */
  private final long[] sinceMs = new long[2];
  private KafkaTopic described;
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

  /** The topic as it was when the table was last claimed or looked at. */
  KafkaTopic described() {
    return described;
  }

  /** Claims the table at once: whoever wrote before is fenced. */
  SinkClaim take(String holder) throws Exception {
    KafkaTopic kafka = describe();
    return check(SinkClaim.take(address, SinkTimeouts.DEFAULT, pipeline.table(), topic, kafka.earliest(), holder, kafka.identity()), kafka);
  }

  /** Where a query of this holder would start now; claims nothing. */
  SinkClaim preview(String holder) throws Exception {
    KafkaTopic kafka = describe();
    SinkClaim preview = SinkClaim.preview(address, SinkTimeouts.DEFAULT, pipeline.table(), topic, kafka.earliest(), holder, kafka.identity());
    // another driver writes meanwhile, so the ends of the log must be younger than the offsets rows
    return check(preview, describe());
  }

  /** Claims the table after a {@link #preview}. It asks no broker again, because a broker may be what has just died. */
  SinkClaim take(DriverRight right) throws SQLException {
    return right.claim(described.earliest(), described.identity());
  }

  /** The same start, a little earlier: so that a standby has records to rehearse with. They are dropped, because they are stored. */
  SinkClaim withRehearsal(SinkClaim preview) {
    Map<Integer, Long> from = new TreeMap<>();
    preview.startOffsets().forEach((partition, next) -> from.put(partition, Math.max(Math.min(next, described.earliest().get(partition)), next - REHEARSAL_RECORDS)));
    return new SinkClaim(preview.target(), preview.topic(), preview.generation(), preview.holder(), from);
  }

  /** How many partitions had records from there on when the topic was last described. */
  int partitionsWithRecords(SinkClaim start) {
    return (int) start.startOffsets().entrySet().stream().filter(from -> described.latest().get(from.getKey()) > from.getValue()).count();
  }

  private KafkaTopic describe() throws Exception {
    try {
      KafkaTopic kafka = KafkaTopic.describe(arguments.brokers(), topic, pipeline.partitions());
      if (arguments.stopAtLatest() && stopAt == null) {
        stopAt = kafka.latest();
      }
      described = kafka;
      sinceMs[MISSING] = 0;
      return kafka;
    } catch (KafkaTopic.Missing e) {
      settle(MISSING, new SinkConfigurationException(e.getMessage()));
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
        settle(SHORT, loss);
        throw new IllegalStateException(loss.getMessage());
      }
    }
    sinceMs[SHORT] = 0;
    return claim;
  }

  /** Raises {@code finding} when it has stood for {@link #SETTLE_MS}. */
  private void settle(int kind, RuntimeException finding) {
    long now = System.currentTimeMillis();
    sinceMs[kind] = sinceMs[kind] == 0 ? now : sinceMs[kind];
    if (now - sinceMs[kind] >= SETTLE_MS) {
      throw finding;
    }
  }
}
