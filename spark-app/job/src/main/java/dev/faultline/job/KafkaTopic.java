package dev.faultline.job;

import dev.faultline.postgres.SinkConfigurationException;
import dev.faultline.postgres.TopicIdentity;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/**
 * The offsets of a topic, as the brokers report them now.
 *
 * @param earliest maps each partition to its first offset
 * @param latest maps each partition to the offset after its last record
 * @param identity which topic it is, beyond its name
 */
record KafkaTopic(Map<Integer, Long> earliest, Map<Integer, Long> latest, TopicIdentity identity) {
  private static final int REQUEST_TIMEOUT_MS = 2_000;

  /** The broker does not know the topic. A broker that has just started may not know it yet. */
  static final class Missing extends Exception {
    Missing(String topic) {
      super("topic " + topic + " does not exist");
    }
  }

  /**
   * @param least how many partitions it must have; it may have got more
   * @throws SinkConfigurationException if it has fewer
   * @throws Missing if there is no such topic
   * @throws ExecutionException if the brokers cannot be reached or do not answer
   */
  static KafkaTopic describe(String brokers, String topic, int least) throws ExecutionException, InterruptedException, Missing {
    try (Admin admin = admin(brokers)) {
      TopicDescription description = admin.describeTopics(java.util.List.of(topic)).topicNameValues().get(topic).get();
      int partitions = description.partitions().size();
      if (partitions < least) {
        throw new SinkConfigurationException("topic " + topic + " has " + partitions + " partitions, but the pipeline file says " + least);
      }
      return new KafkaTopic(offsets(admin, topic, partitions, OffsetSpec.earliest()), offsets(admin, topic, partitions, OffsetSpec.latest()),
          identity(admin, description));
    } catch (ExecutionException e) {
      if (e.getCause() instanceof UnknownTopicOrPartitionException) {
        throw new Missing(topic);
      }
      throw e;
    }
  }

  static Admin admin(String brokers) {
    Properties properties = new Properties();
    properties.put("bootstrap.servers", brokers);
    properties.put("request.timeout.ms", REQUEST_TIMEOUT_MS);
    properties.put("default.api.timeout.ms", 5 * REQUEST_TIMEOUT_MS);
    properties.put("socket.connection.setup.timeout.ms", 1_000);
    return Admin.create(properties);
  }

  static TopicIdentity identity(Admin admin, TopicDescription description) throws ExecutionException, InterruptedException {
    // a broker without topic ids tells zero
    Uuid id = description.topicId();
    return new TopicIdentity(admin.describeCluster().clusterId().get(), Uuid.ZERO_UUID.equals(id) ? null : id.toString());
  }

  private static Map<Integer, Long> offsets(Admin admin, String topic, int partitions, OffsetSpec spec)
      throws ExecutionException, InterruptedException {
    Map<TopicPartition, OffsetSpec> wanted = new HashMap<>();
    for (int partition = 0; partition < partitions; partition++) {
      wanted.put(new TopicPartition(topic, partition), spec);
    }
    Map<TopicPartition, ListOffsetsResultInfo> found = admin.listOffsets(wanted).all().get();
    return found.entrySet().stream().collect(Collectors.toMap(e -> e.getKey().partition(), e -> e.getValue().offset(), (a, b) -> a, TreeMap::new));
  }
}
