package dev.faultline.postgres;

/** Encodes the first records that a standby keeps, for nothing: so that the code is loaded and compiled when the first chunk has to be quick. */
final class Rehearsal<R> {
  private static final int RECORDS = 2_000;
  private static final int CHUNK = 100;

  private final RecordEncoder<R> encoder;
  private Chunk chunk = new Chunk();
  private int done;

  Rehearsal(RecordEncoder<R> encoder) {
    this.encoder = encoder;
  }

  void take(Tail.Entry<R> entry) {
    if (done >= RECORDS) {
      return;
    }
    chunk.append(entry.offset(), entry.key(), entry.value(), entry.record(), encoder);
    done++;
    if (chunk.count() >= CHUNK) {
      chunk.clear();
    }
    if (done == RECORDS) {
      chunk = null;
    }
  }
}
