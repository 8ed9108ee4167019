import { createdMsOf } from "../../contract/event.ts";

/** No producer sends a batch of more; a damaged line may say so. */
const MOST_EVENTS = 2 ** 24;

/** No acknowledgement, or one whose offset nobody knows. */
export const NO_OFFSET = -1;

type Columns = {
  starts: Float64Array;
  counts: Uint32Array;
  firstMs: Float64Array;
  lastMs: Float64Array;
  attempts: Uint32Array;
  failures: Uint32Array;
  acknowledged: Uint8Array;
  offsets: Float64Array;
};
type Column = Columns[keyof Columns];

/** The columns of Batches, in shared memory. */
export type SharedBatches = { length: number; columns: Columns };

/**
 * The batches of one partition as the ledger has them, in the order of sequences, in typed arrays: about 45 bytes per batch of any size.
 * A batch's index changes when another is inserted before it, which happens only with a damaged ledger.
 */
export class Batches {
  #length = 0;
  #at: Columns = {
    starts: new Float64Array(64),
    counts: new Uint32Array(64),
    firstMs: new Float64Array(64),
    lastMs: new Float64Array(64),
    attempts: new Uint32Array(64),
    failures: new Uint32Array(64),
    acknowledged: new Uint8Array(64),
    offsets: new Float64Array(64),
  };
  #last = 0;

  get length(): number {
    return this.#length;
  }

  /** @returns the batch with this first sequence and number of events, made if it is new; undefined if it overlaps another or is out of range. */
  batch(start: number, count: number): number | undefined {
    // The ledger's reader lets only safe integers through.
    if (start < 0 || count < 1 || count > MOST_EVENTS || !Number.isSafeInteger(start + count)) return undefined;
    const at = this.#place(start);
    if (at < this.#length && this.#at.starts[at] === start) return this.#at.counts[at] === count ? at : undefined;
    if (at < this.#length && start + count > (this.#at.starts[at] as number)) return undefined;
    // Before the first batch there is none: NaN, which is not greater.
    if (this.endOf(at - 1) > start) return undefined;
    this.#insert(at, start, count);
    return at;
  }

  /** The batch of a sequence, or -1. Fast when sequences of one batch come together. */
  find(sequence: number): number {
    if (!this.#has(this.#last, sequence)) {
      const at = this.#place(sequence + 1) - 1;
      if (!this.#has(at, sequence)) return -1;
      this.#last = at;
    }
    return this.#last;
  }

  /** The index of each batch, in the order of sequences. */
  *indexes(): Generator<number> {
    for (let batch = 0; batch < this.#length; batch++) yield batch;
  }

  startOf(batch: number): number {
    return this.#at.starts[batch] as number;
  }

  endOf(batch: number): number {
    return (this.#at.starts[batch] as number) + (this.#at.counts[batch] as number);
  }

  /** @returns the creation time of an event of the batch, ms since 1970; NaN if its ledger line is damaged. */
  createdMs(batch: number, sequence: number): number {
    const times = {
      firstMs: this.#at.firstMs[batch] as number,
      lastMs: this.#at.lastMs[batch] as number,
      count: this.#at.counts[batch] as number,
    };
    return createdMsOf(times, sequence - (this.#at.starts[batch] as number));
  }

  /** One more attempt. Its times are those of the first, or the ledger is damaged. */
  attempt(batch: number, firstMs: number, lastMs: number): void {
    this.#at.attempts[batch] = (this.#at.attempts[batch] as number) + 1;
    if (Number.isNaN(this.#at.firstMs[batch])) {
      this.#at.firstMs[batch] = firstMs;
      this.#at.lastMs[batch] = lastMs;
    }
  }

  acknowledge(batch: number, offset: number): void {
    this.#at.acknowledged[batch] = 1;
    this.#at.offsets[batch] = offset;
  }

  fail(batch: number): void {
    this.#at.failures[batch] = (this.#at.failures[batch] as number) + 1;
  }

  isAcknowledged(batch: number): boolean {
    return this.#at.acknowledged[batch] === 1;
  }

  /** Offset of the batch's first record, or NO_OFFSET. */
  offsetOf(batch: number): number {
    return this.#at.offsets[batch] as number;
  }

  /** @returns how many records of one event the attempts explain; at least one for an acknowledged batch. */
  explained(batch: number): number {
    const left = (this.#at.attempts[batch] as number) - (this.#at.failures[batch] as number);
    return Math.max(left, this.isAcknowledged(batch) ? 1 : 0);
  }

  /** @returns whether every attempt failed, so that the log may have no record of it. */
  isFailed(batch: number): boolean {
    return (this.#at.attempts[batch] as number) > 0 && this.explained(batch) === 0;
  }

  /** Moves the columns into memory that threads share. Nobody may add to the batches afterwards. */
  share(): SharedBatches {
    this.#move(this.#length, (bytes) => new SharedArrayBuffer(bytes));
    return { length: this.#length, columns: this.#at };
  }

  /** The same batches in another thread. */
  static of({ length, columns }: SharedBatches): Batches {
    const batches = new Batches();
    batches.#length = length;
    batches.#at = columns;
    return batches;
  }

  /** Also for an index at which no batch is: it has nothing. */
  #has(batch: number, sequence: number): boolean {
    return sequence >= this.startOf(batch) && sequence < this.endOf(batch);
  }

  /** Index of the first batch that begins at or after the sequence. */
  #place(sequence: number): number {
    let [low, high] = [0, this.#length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#at.starts[middle] as number) < sequence) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #insert(at: number, start: number, count: number): void {
    if (this.#length === this.#at.starts.length) this.#grow();
    for (const column of Object.values(this.#at)) column.copyWithin(at + 1, at, this.#length);
    this.#length += 1;
    this.#at.starts[at] = start;
    this.#at.counts[at] = count;
    this.#at.firstMs[at] = this.#at.lastMs[at] = Number.NaN;
    this.#at.attempts[at] = this.#at.failures[at] = this.#at.acknowledged[at] = 0;
    this.#at.offsets[at] = NO_OFFSET;
  }

  #grow(): void {
    this.#move(this.#at.starts.length * 2, (bytes) => new ArrayBuffer(bytes));
  }

  /** Copies all columns into new memory for so many batches. */
  #move(capacity: number, memory: (bytes: number) => ArrayBufferLike): void {
    const moved = Object.entries(this.#at).map(([name, column]) => {
      const Kind = column.constructor as new (buffer: ArrayBufferLike) => Column;
      const copy = new Kind(memory(capacity * column.BYTES_PER_ELEMENT));
      copy.set(column.subarray(0, this.#length));
      return [name, copy];
    });
    this.#at = Object.fromEntries(moved) as Columns;
  }
}
