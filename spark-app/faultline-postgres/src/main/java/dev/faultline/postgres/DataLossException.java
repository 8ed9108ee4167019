package dev.faultline.postgres;

/** Kafka no longer has records that {@code sink_offsets} says are still to be applied. */
public final class DataLossException extends RuntimeException {
  public DataLossException(String message) {
    super(message);
  }
}
