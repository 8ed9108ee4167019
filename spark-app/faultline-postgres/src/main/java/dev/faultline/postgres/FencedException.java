package dev.faultline.postgres;

/** Another claim has the partition. This writer is a zombie: it must stop, and nobody may start it again under the same claim. */
public final class FencedException extends RuntimeException {
  /** How each message begins. */
  public static final String PREFIX = "fenced: ";

  public FencedException(String target, String topic, int partition, long mine, long theirs) {
    this(PREFIX + "generation " + theirs + (theirs == mine ? " of another driver" : "") + " has claimed " + target + " <- " + topic + "/" + partition
        + "; this writer has " + (theirs == mine ? "the same generation, but not the claim" : "the older generation " + mine));
  }

  public FencedException(String message) {
    super(message);
  }
}
