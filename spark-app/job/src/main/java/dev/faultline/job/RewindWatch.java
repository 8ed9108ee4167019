package dev.faultline.job;

import dev.faultline.postgres.PostgresAddress;
import dev.faultline.postgres.SinkProgress;
import dev.faultline.postgres.SinkTimeouts;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Notices that a partition stays behind an offset that it had reached: the database lost commits, as by a failover, and no executor has them in
 * memory any more. Without a new record nobody else would notice. While {@link #problem()} is not null, the query must start again from sink_offsets.
 */
final class RewindWatch implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(RewindWatch.class);
  private static final long LOOK_MS = 1_000;
  /** Longer than an executor needs to begin. */
  static final long STANDSTILL_NANOS = 4_000_000_000L;

  private static final class Partition {
    private long highest;
    private long last;
    private long movedNanos;
  }

  private final Map<Integer, Partition> partitions = new HashMap<>();
  private final Thread thread;
  private volatile String problem;
  private volatile boolean closed;

  /** Watches nothing by itself. */
  RewindWatch() {
    this.thread = null;
  }

  /** Looks into sink_offsets once a second, in its own thread: a database that hangs must not keep the driver from its work. */
  RewindWatch(PostgresAddress address, String target, String topic) {
    this.thread = new Thread(() -> run(address, target, topic), "faultline-rewind-watch");
    thread.setDaemon(true);
    thread.start();
  }

  private void run(PostgresAddress address, String target, String topic) {
    while (!closed) {
      try (SinkProgress progress = new SinkProgress(address, SinkTimeouts.DEFAULT, target, topic)) {
        while (!closed) {
          look(progress.nextOffsets(), System.nanoTime());
          Thread.sleep(LOOK_MS);
        }
      } catch (SQLException e) {
        LOG.debug("{} <- {}: {}", target, topic, e.getMessage());
        pause();
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  private static void pause() {
    try {
      Thread.sleep(LOOK_MS / 4);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** @param next of each partition, as it is at {@code nowNanos} */
  void look(Map<Integer, Long> next, long nowNanos) {
    String found = null;
    for (Map.Entry<Integer, Long> entry : next.entrySet()) {
      Partition partition = partitions.computeIfAbsent(entry.getKey(), unused -> new Partition());
      if (entry.getValue() != partition.last) {
        partition.movedNanos = nowNanos;
      }
      partition.last = entry.getValue();
      partition.highest = Math.max(partition.highest, partition.last);
      if (partition.last < partition.highest && nowNanos - partition.movedNanos > STANDSTILL_NANOS) {
        found = "partition " + entry.getKey() + " stays at offset " + partition.last + ", but it had reached " + partition.highest
            + ": the database lost commits, as by a failover; reading them again from Kafka";
      }
    }
    problem = found;
  }

  /** Null if there is none. */
  String problem() {
    return problem;
  }

  @Override
  public void close() {
    closed = true;
    if (thread != null) {
      thread.interrupt();
    }
  }
}
