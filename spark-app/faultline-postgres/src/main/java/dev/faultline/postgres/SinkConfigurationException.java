package dev.faultline.postgres;

/** An option, a table or a column is wrong. A retry does not help. The message says what to change. */
public final class SinkConfigurationException extends RuntimeException {
  public SinkConfigurationException(String message) {
    super(message);
  }

  public SinkConfigurationException(String message, Throwable cause) {
    super(message, cause);
  }
}
