package dev.faultline.postgres;

/** A newer generation has claimed the partition: this writer is a zombie and must stop, not start again. */
public final class FencedException extends RuntimeException {
  public FencedException(String target, String topic, int partition, long mine, long theirs) {
    super("fenced: generation " + theirs + " has claimed " + target + " <- " + topic + "/" + partition
        + ", this writer is generation " + mine);
  }
}
