package dev.faultline.postgres;

import java.io.Serializable;

/**
 * Turns one record into one binary COPY row. Each writer has its own encoder; one thread uses it at a time.
 *
 * @param <R> the type of record that the front end passes
 */
public interface RecordEncoder<R> {
  /**
   * Appends the row: the count of fields, then the fields. If the call fails, the caller removes the partial row.
   *
   * @throws MalformedRecordException if the record cannot become a row
   */
  void encode(R record, CopyBuffer out) throws MalformedRecordException;

  /** Makes encoders on executors. */
  interface Factory<R> extends Serializable {
    RecordEncoder<R> create();
  }
}
