package dev.faultline.postgres;

/** Takes one partition's records from a Spark task in Real-time Mode and stores them in the background. */
interface RecordWriter<R> {
  /** Takes one record; may wait for room. Throws what went wrong with earlier ones. */
  void append(long offset, byte[] key, byte[] value, R record);

  /** Throws what went wrong with earlier records; for a task that waits for the next one. */
  void check();

  /** Returns when each record is stored; raises what went wrong. */
  void finish();

  /** Drops what is left and waits for nothing. */
  void discard();
}
