import type { Batches } from "../truth/batches.ts";
import type { Bitmap } from "./bitmap.ts";

const NONE = -1;

/**
 * Follows the records of one partition: a producer's batch is appended as a whole or not at all, so its events stand at consecutive offsets, from
 * its first to its last. A batch of which a copy is only a part, or is split by another record, is put into `torn`.
 */
export class BatchRuns {
  readonly #batches: Batches;
  readonly #torn: Bitmap;
  /** The batch whose copy is not at its end yet. */
  #batch = NONE;
  #sequence = NONE;
  #offset = NONE;
  #isFirst = true;

  /** @param torn gets all sequences of a torn batch. */
  constructor(batches: Batches, torn: Bitmap) {
    this.#batches = batches;
    this.#torn = torn;
  }

  /** The next record is this event of the batch. */
  add(batch: number, sequence: number, offset: number): void {
    // Behind a batch's end the next sequence is the first of another.
    const isNext = sequence === this.#sequence + 1 && offset === this.#offset + 1;
    if (!isNext) {
      this.end();
      // Where Kafka has deleted the beginning of the log, the first batch may be cut; the verdict is UNKNOWN then.
      if (sequence !== this.#batches.startOf(batch) && !(this.#isFirst && offset > 0)) this.#tear(batch);
    }
    this.#isFirst = false;
    this.#sequence = sequence;
    this.#offset = offset;
    this.#batch = sequence + 1 === this.#batches.endOf(batch) ? NONE : batch;
  }

  /** Call this after the last record. */
  end(): void {
    if (this.#batch !== NONE) this.#tear(this.#batch);
    this.#batch = NONE;
  }

  #tear(batch: number): void {
    this.#torn.setRange(this.#batches.startOf(batch), this.#batches.endOf(batch));
  }
}
