package dev.faultline.source;

import dev.faultline.postgres.PostgresAddress;
import dev.faultline.postgres.SinkProgress;
import dev.faultline.postgres.SinkProgress.Progress;
import dev.faultline.postgres.SinkTimeouts;
import java.io.Serializable;
import java.sql.SQLException;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How far the sink's table is. The tasks of a dead executor ask in the same moment, so an answer serves for {@link #FRESH_NANOS} in this JVM: an
 * answer that is a little old costs some records that are read once more.
 */
final class StoredOffsets implements Serializable {
  private static final long serialVersionUID = 1L;
  private static final Logger LOG = LoggerFactory.getLogger(StoredOffsets.class);
  private static final long FRESH_NANOS = TimeUnit.MILLISECONDS.toNanos(200);
  private static final long LOOK_MS = 250;
  /** So long a standby's task lets the active driver's go first, at most: they may have lost the same worker, and share processors. */
  private static final long YIELD_NANOS = TimeUnit.MILLISECONDS.toNanos(3_000);
  /** Where no answer comes soon, reading the epoch again is the quicker way. */
  private static final SinkTimeouts TIMEOUTS = new SinkTimeouts(1_000, 1_000, 1_000, 1_000);

  private record Answer(String asked, Map<Integer, Progress> rows, long atNanos) {
  }

  /** The last answer in this JVM; guarded by the class. */
  private static Answer last;

  private final PostgresAddress address;
  private final String table;
  private final String topic;
  private final String holder;

  /** @param holder of the claim, if this query has it */
  StoredOffsets(PostgresAddress address, String table, String topic, String holder) {
    this.address = address;
    this.table = table;
    this.topic = topic;
    this.holder = holder;
  }

  /** The offset after the last stored one; -1 if it can't be told. Waits until another driver that has the claim has stored something. */
  long nextOffset(int partition) throws InterruptedException {
    Progress first = row(partition);
    Progress now = first;
    long untilNanos = System.nanoTime() + YIELD_NANOS;
    while (now != null && now.equals(first) && !Objects.equals(now.holder(), holder) && System.nanoTime() < untilNanos) {
      Thread.sleep(LOOK_MS);
      now = row(partition);
    }
    return now == null ? -1 : now.nextOffset();
  }

  /** Null if there is none, or PostgreSQL can't be asked. */
  private Progress row(int partition) {
    String asked = address + " " + table + " " + topic;
    synchronized (StoredOffsets.class) {
      if (last == null || !last.asked().equals(asked) || System.nanoTime() - last.atNanos() > FRESH_NANOS) {
        last = new Answer(asked, read(), System.nanoTime());
      }
      return last.rows().get(partition);
    }
  }

  private Map<Integer, Progress> read() {
    try (SinkProgress progress = new SinkProgress(address, TIMEOUTS, table, topic)) {
      return progress.rows();
    } catch (SQLException e) {
      LOG.info("PostgreSQL can't be asked how far the table is, so the epoch is read again: {} ({})", e.getMessage(), e.getSQLState());
      return Map.of();
    }
  }
}
