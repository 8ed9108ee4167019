package dev.faultline.postgres;

import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The tails of this JVM's partitions. They outlive the writers, which end with each micro-batch or epoch. While no writer looks after a
 * partition, this class does: if the database has lost commits, it stores them again although no record comes.
 */
final class StoredTails {
  private static final Logger LOG = LoggerFactory.getLogger(StoredTails.class);
  /** Longer than {@link BackgroundWriter#VERIFY_NANOS}, so that a writer that is there looks first. */
  private static final long IDLE_NANOS = TimeUnit.MILLISECONDS.toNanos(700);
  private static final long LOOK_MS = 200;

  private record Key(String address, String target, String topic, int partition) {
  }

  /** What outlives the writers of a partition. */
  record Entry(SinkPlan plan, StoredTail tail, RejectionLimit rejections) {
    /** A driver that claims again, because its claim was lost, goes on with what its writers stored. */
    boolean isOfClaim(SinkPlan other) {
      return Objects.equals(plan.holder(), other.holder()) && (plan.holder() != null || plan.generation() == other.generation());
    }
  }

  private static final Map<Key, Entry> TAILS = new ConcurrentHashMap<>();
  private static final ScheduledExecutorService WATCH = Executors.newSingleThreadScheduledExecutor(task -> {
    Thread thread = new Thread(task, "faultline-tail-watch");
    thread.setDaemon(true);
    return thread;
  });

  static {
    WATCH.scheduleWithFixedDelay(StoredTails::look, LOOK_MS, LOOK_MS, TimeUnit.MILLISECONDS);
  }

  private StoredTails() {
  }

  /** What there is of a partition under this plan's claim; another claim begins with an empty tail and no rejections. */
  static Entry of(SinkPlan plan, int partition) {
    Key key = new Key(plan.address().toString(), plan.target().target(), plan.topic(), partition);
    return TAILS.compute(key, (unused, old) -> old != null && old.isOfClaim(plan) ? new Entry(plan, old.tail(), old.rejections())
        : new Entry(plan, new StoredTail(plan.commits().tailBytes()), new RejectionLimit()));
  }

  private static void look() {
    TAILS.forEach((key, entry) -> {
      if (entry.tail().idleNanos() < IDLE_NANOS) {
        return;
      }
      if (entry.tail().end() < 0) {
        TAILS.remove(key, entry);
        return;
      }
      try (PartitionWriter<byte[]> writer = new PartitionWriter<>(entry.plan(), key.partition(), null)) {
        writer.verify();
      } catch (RuntimeException e) {
        // whoever writes next meets the same and tells it
        LOG.debug("{}/{}: {}", key.topic(), key.partition(), e.getMessage());
        TAILS.remove(key, entry);
      } finally {
        entry.tail().touch();
      }
    });
  }
}
