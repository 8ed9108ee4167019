package dev.faultline.job;

import dev.faultline.postgres.TopicIdentity;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Notices that a topic is not what it was when the query started. It may have been deleted and created again: Kafka's consumer goes on at its
 * offset in the new one, as if nothing had happened. Or it got more partitions: in Real-time Mode no task reads them, and no offsets row is there for them. In both
 * cases the query must start again, and its claim looks at the topic.
 */
final class TopicWatch implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(TopicWatch.class);
  private static final long LOOK_MS = 2_000;
  /** Brokers that start may not know the topic yet. */
  static final long MISSING_NANOS = 10_000_000_000L;

  private final String topic;
  private final TopicIdentity identity;
  private final int partitions;
  private final Consumer<RuntimeException> onChange;
  private long missingSinceNanos;
  private Thread thread;
  private volatile boolean closed;

  TopicWatch(String topic, KafkaTopic known, Consumer<RuntimeException> onChange) {
    this.topic = topic;
    this.identity = known.identity();
    this.partitions = known.earliest().size();
    this.onChange = onChange;
  }

  /** Looks in its own thread. @param onChange gets, once, the reason why the query must start again */
  static TopicWatch start(String brokers, String topic, KafkaTopic known, Consumer<RuntimeException> onChange) {
    TopicWatch watch = new TopicWatch(topic, known, onChange);
    watch.thread = new Thread(() -> watch.run(brokers), "faultline-topic-watch");
    watch.thread.setDaemon(true);
    watch.thread.start();
    return watch;
  }

  private void run(String brokers) {
    try (Admin admin = KafkaTopic.admin(brokers)) {
      while (!closed) {
        Thread.sleep(LOOK_MS);
        look(admin);
      }
    } catch (InterruptedException e) {
      // closed
    }
  }

  private void look(Admin admin) throws InterruptedException {
    try {
      TopicDescription description = admin.describeTopics(List.of(topic)).topicNameValues().get(topic).get();
      found(KafkaTopic.identity(admin, description), description.partitions().size());
    } catch (ExecutionException e) {
      if (e.getCause() instanceof UnknownTopicOrPartitionException) {
        missing(System.nanoTime());
      } else {
        LOG.debug("the brokers do not describe {}: {}", topic, e.getMessage());
      }
    }
  }

  void found(TopicIdentity now, int count) {
    missingSinceNanos = 0;
    if (identity.differsFrom(now)) {
      change("topic " + topic + " is another one now: " + now + ", not " + identity);
    } else if (count > partitions) {
      change("topic " + topic + " has " + count + " partitions now, not " + partitions);
    }
  }

  void missing(long nowNanos) {
    missingSinceNanos = missingSinceNanos == 0 ? nowNanos : missingSinceNanos;
    if (nowNanos - missingSinceNanos >= MISSING_NANOS) {
      change("topic " + topic + " does not exist any more");
    }
  }

  private void change(String what) {
    if (!closed) {
      closed = true;
      LOG.warn("{}; the query starts again", what);
      onChange.accept(new IllegalStateException(what));
    }
  }

  @Override
  public void close() {
    closed = true;
    if (thread != null) {
      thread.interrupt();
    }
  }
}
