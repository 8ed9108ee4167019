package dev.faultline.postgres;

/** A record cannot become a row. {@code dead_letters} stores the message as the reason. There is no stack trace, because bad data is no bug. */
public final class MalformedRecordException extends Exception {
  public MalformedRecordException(String reason) {
    super(reason, null, false, false);
  }
}
