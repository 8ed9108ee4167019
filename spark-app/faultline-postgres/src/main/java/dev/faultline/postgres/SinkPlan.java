package dev.faultline.postgres;

import java.io.Serializable;

/**
 * Everything that a writer needs, checked against the database. Executors get it inside the serialized writer.
 *
 * @param topic the topic of the records
 * @param generation the generation of the {@link SinkClaim}
 * @param chunkRows the most rows in one transaction
 * @param commits what the sink does about commits that the database may lose
 */
public record SinkPlan(PostgresAddress address, SinkTimeouts timeouts, SinkTarget target, String topic, long generation,
    int chunkRows, CommitOptions commits) implements Serializable {

  public SinkPlan(PostgresAddress address, SinkTimeouts timeouts, SinkTarget target, String topic, long generation, int chunkRows) {
    this(address, timeouts, target, topic, generation, chunkRows, CommitOptions.DEFAULT);
  }
}
