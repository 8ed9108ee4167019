package dev.faultline.postgres;

import java.io.Serializable;

/**
 * Turns one record into one binary COPY row. Made anew per writer; used by one thread at a time.
 *
 * @param <R> what the front end hands over
 */
public interface RecordEncoder<R> {
  /**
   * Appends the row's fields, its count first. What a failed call wrote is taken back by the caller.
   *
   * @throws MalformedRecordException if the record can't become a row
   */
  void encode(R record, CopyBuffer out) throws MalformedRecordException;

  /** Makes encoders on executors. */
  interface Factory<R> extends Serializable {
    RecordEncoder<R> create();
  }
}
