package dev.faultline.postgres;

/** PostgreSQL did not take the chunk before the deadline. Nothing is lost: start again from {@code sink_offsets}. */
public final class SinkUnavailableException extends RuntimeException {
  public SinkUnavailableException(String message, Throwable cause) {
    super(message, cause);
  }
}
