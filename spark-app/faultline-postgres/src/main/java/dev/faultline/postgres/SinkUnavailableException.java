package dev.faultline.postgres;

/** PostgreSQL did not store the chunk before the deadline. Nothing is lost: retry from {@code sink_offsets}. */
public final class SinkUnavailableException extends RuntimeException {
  public SinkUnavailableException(String message, Throwable cause) {
    super(message, cause);
  }
}
