package dev.faultline.postgres;

/**
 * An exception of one Kafka partition, as it leaves the sink in a Spark task. By its class a driver finds out which partition a failed
 * task could not store; its cause says why.
 */
public final class PartitionException extends RuntimeException {
  private final String topic;
  private final int partition;

  public PartitionException(String topic, int partition, RuntimeException cause) {
    super(topic + "/" + partition + ": " + cause, cause);
    this.topic = topic;
    this.partition = partition;
  }

  public String topic() {
    return topic;
  }

  public int partition() {
    return partition;
  }

  /** Runs work of one partition. @throws PartitionException with what it throws as the cause */
  static void run(String topic, int partition, Runnable work) {
    try {
      work.run();
    } catch (RuntimeException e) {
      throw new PartitionException(topic, partition, e);
    }
  }
}
