package dev.faultline.postgres;

import java.io.Serializable;

/**
 * Everything that a writer needs, checked against the database. Executors get it inside the serialized writer.
 *
 * @param topic the topic of the records
 * @param generation the generation of the {@link SinkClaim}; 0 for a standby, whose writers wait for a claim of {@code holder}
 * @param holder the holder of the claim; null if it was made without one
 * @param chunkRows the most rows in one transaction
 */
public record SinkPlan(PostgresAddress address, SinkTimeouts timeouts, SinkTarget target, String topic, long generation,
    String holder, int chunkRows) implements Serializable {

  /** For a claim without a holder. */
  public SinkPlan(PostgresAddress address, SinkTimeouts timeouts, SinkTarget target, String topic, long generation, int chunkRows) {
    this(address, timeouts, target, topic, generation, null, chunkRows);
  }

  boolean isStandby() {
    return generation == 0;
  }

  /** The same plan after the claim that a standby waited for. */
  SinkPlan claimed(long generation) {
    return new SinkPlan(address, timeouts, target, topic, generation, holder, chunkRows);
  }
}
