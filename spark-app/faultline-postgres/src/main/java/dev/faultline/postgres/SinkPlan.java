package dev.faultline.postgres;

import java.io.Serializable;

/**
 * All that a writer needs, checked against the database; goes to executors inside the serialized writer.
 *
 * @param topic that the records come from
 * @param generation from {@link SinkClaim}
 * @param chunkRows most rows in one transaction
 */
public record SinkPlan(PostgresAddress address, SinkTimeouts timeouts, SinkTarget target, String topic, long generation,
    int chunkRows) implements Serializable {
}
