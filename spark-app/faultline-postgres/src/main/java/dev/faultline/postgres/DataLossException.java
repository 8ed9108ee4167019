package dev.faultline.postgres;

/** Kafka has dropped records that the sink has not applied yet, according to {@code sink_offsets}. */
public final class DataLossException extends RuntimeException {
  public DataLossException(String message) {
    super(message);
  }
}
