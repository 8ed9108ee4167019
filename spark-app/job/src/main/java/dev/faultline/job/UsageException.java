package dev.faultline.job;

/** A flag is unknown, missing or has an invalid value. */
final class UsageException extends RuntimeException {
  UsageException(String message) {
    super(message);
  }
}
