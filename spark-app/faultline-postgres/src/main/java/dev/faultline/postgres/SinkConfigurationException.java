package dev.faultline.postgres;

/** An option, table or column is wrong. Starting again does not help; the message says what to change. */
public final class SinkConfigurationException extends RuntimeException {
  public SinkConfigurationException(String message) {
    super(message);
  }

  public SinkConfigurationException(String message, Throwable cause) {
    super(message, cause);
  }
}
