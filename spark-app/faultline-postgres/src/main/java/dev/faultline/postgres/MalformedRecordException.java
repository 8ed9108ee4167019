package dev.faultline.postgres;

/** A record can't become a row; the message is the reason kept in {@code dead_letters}. Has no stack trace: it is data, not a fault. */
public final class MalformedRecordException extends Exception {
  public MalformedRecordException(String reason) {
    super(reason, null, false, false);
  }
}
