package dev.faultline.job;

/** A flag is unknown or its value is none. */
final class UsageException extends RuntimeException {
  UsageException(String message) {
    super(message);
  }
}
