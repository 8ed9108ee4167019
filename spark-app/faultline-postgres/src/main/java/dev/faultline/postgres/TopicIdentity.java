package dev.faultline.postgres;

/**
 * Which topic it is, beyond its name: a topic that was deleted and created again has another id, and its offsets mean other records.
 *
 * @param clusterId as {@code Admin.describeCluster().clusterId()} tells it
 * @param topicId as {@code TopicDescription.topicId()} tells it
 */
public record TopicIdentity(String clusterId, String topicId) {
  /** For a caller that does not know: nothing is compared. */
  public static final TopicIdentity UNKNOWN = new TopicIdentity(null, null);

  /** Whether offsets of that topic say nothing about this one. What is not known does not differ. */
  public boolean differsFrom(TopicIdentity other) {
    return differs(clusterId, other.clusterId) || differs(topicId, other.topicId);
  }

  private static boolean differs(String one, String other) {
    return one != null && other != null && !one.equals(other);
  }

  @Override
  public String toString() {
    return "topic id " + topicId + " of cluster " + clusterId;
  }
}
