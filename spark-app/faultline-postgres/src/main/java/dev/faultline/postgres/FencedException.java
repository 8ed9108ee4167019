package dev.faultline.postgres;

/** A newer generation has claimed the partition. This writer is a zombie: it must stop, and nobody may start it again. */
public final class FencedException extends RuntimeException {
  public FencedException(String target, String topic, int partition, long mine, long theirs) {
    super("fenced: generation " + theirs + " has claimed " + target + " <- " + topic + "/" + partition
        + "; this writer has the older generation " + mine);
  }
}
