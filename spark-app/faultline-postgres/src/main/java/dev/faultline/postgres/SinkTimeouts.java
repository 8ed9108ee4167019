package dev.faultline.postgres;

import java.io.Serializable;

/**
 * How long the sink waits for PostgreSQL, in milliseconds.
 *
 * @param connectTimeoutMs to open a connection
 * @param socketTimeoutMs for an answer on an open one; also what frees our lock if we are frozen
 * @param lockTimeoutMs for a partition's row before the session that holds it is terminated
 * @param reconnectDeadlineMs for one chunk over all attempts, then {@link SinkUnavailableException}
 */
public record SinkTimeouts(int connectTimeoutMs, int socketTimeoutMs, int lockTimeoutMs, int reconnectDeadlineMs)
    implements Serializable {
  public static final SinkTimeouts DEFAULT = new SinkTimeouts(5_000, 15_000, 5_000, 60_000);
}
