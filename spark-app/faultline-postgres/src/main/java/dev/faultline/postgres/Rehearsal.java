package dev.faultline.postgres;

/** Encodes the first records that a standby reads, for nothing: so that the code is loaded and compiled when the first chunk has to be quick. */
final class Rehearsal<R> {
  private static final int RECORDS = 2_000;
  private static final int CHUNK = 100;

  private final RecordEncoder<? super R> encoder;
  private Chunk chunk = new Chunk();
  private int done;

  Rehearsal(RecordEncoder<? super R> encoder) {
    this.encoder = encoder;
  }

  void take(long offset, byte[] key, byte[] value, R record) {
    if (done >= RECORDS) {
      return;
    }
    chunk.append(offset, key, value, record, encoder);
    done++;
    if (chunk.count() >= CHUNK) {
      chunk.clear();
    }
    if (done == RECORDS) {
      chunk = null;
    }
  }
}
