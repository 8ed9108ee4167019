package dev.faultline.postgres;

import java.io.Serializable;

/**
 * How long the sink waits for PostgreSQL, in milliseconds.
 *
 * @param connectTimeoutMs the time to open a connection
 * @param socketTimeoutMs the time for an answer; if the process is frozen, the server frees its lock after this time
 * @param lockTimeoutMs the wait for an offsets row; then the sink terminates its own stale session that holds the row
 * @param reconnectDeadlineMs the time for one chunk over all retries; then {@link SinkUnavailableException}
 */
public record SinkTimeouts(int connectTimeoutMs, int socketTimeoutMs, int lockTimeoutMs, int reconnectDeadlineMs)
    implements Serializable {
  public static final SinkTimeouts DEFAULT = new SinkTimeouts(5_000, 15_000, 1_000, 60_000);
}
