import { createdMsOf } from "../../contract/event.ts";
import { BITMAP_LIMIT } from "./bitmap.ts";

/** No acknowledgement, or one whose offset nobody knows. */
export const NO_OFFSET = -1;

/**
 * The batches of one partition as the ledger has them, in order of sequence, in typed arrays: about 44 bytes a batch, whatever its number of events.
 * A batch's index changes when one is put in before it, which only a damaged ledger does.
 */
export class Batches {
  #length = 0;
  #starts = new Float64Array(64);
  #counts = new Uint32Array(64);
  #firstMs = new Float64Array(64);
  #lastMs = new Float64Array(64);
  #attempts = new Uint16Array(64);
  #failures = new Uint16Array(64);
  #acknowledged = new Uint8Array(64);
  #offsets = new Float64Array(64);
  #last = 0;

  get length(): number {
    return this.#length;
  }

  /** The batch that begins at this sequence with this many events, made if it is new; undefined if it overlaps another or is out of range. */
  batch(start: number, count: number): number | undefined {
    if (!Number.isSafeInteger(start) || !Number.isSafeInteger(count) || start < 0 || count < 1 || start + count > BITMAP_LIMIT) return undefined;
    const at = this.#length === 0 || start >= this.endOf(this.#length - 1) ? this.#length : this.#place(start);
    if (at < this.#length && this.#starts[at] === start) return this.#counts[at] === count ? at : undefined;
    if (at < this.#length && start + count > (this.#starts[at] as number)) return undefined;
    if (at > 0 && this.endOf(at - 1) > start) return undefined;
    this.#insert(at, start, count);
    return at;
  }

  /** The batch of a sequence, or -1. Fast when sequences come nearly in order. */
  find(sequence: number): number {
    for (let near = this.#last; near < this.#last + 2 && near < this.#length; near++) {
      const start = this.#starts[near] as number;
      if (sequence >= start && sequence < start + (this.#counts[near] as number)) return (this.#last = near);
    }
    const at = this.#place(sequence + 1) - 1;
    if (at < 0 || sequence >= this.endOf(at)) return -1;
    return (this.#last = at);
  }

  startOf(batch: number): number {
    return this.#starts[batch] as number;
  }

  endOf(batch: number): number {
    return (this.#starts[batch] as number) + (this.#counts[batch] as number);
  }

  /** Creation time of an event of the batch, in ms; NaN when the ledger line that said it is damaged. */
  createdMs(batch: number, sequence: number): number {
    const times = { firstMs: this.#firstMs[batch] as number, lastMs: this.#lastMs[batch] as number, count: this.#counts[batch] as number };
    return createdMsOf(times, sequence - (this.#starts[batch] as number));
  }

  /** One more attempt. Returns false when it contradicts an earlier one of the same batch. */
  attempt(batch: number, firstMs: number, lastMs: number): boolean {
    this.#attempts[batch] = (this.#attempts[batch] as number) + 1;
    if (Number.isNaN(this.#firstMs[batch])) {
      this.#firstMs[batch] = firstMs;
      this.#lastMs[batch] = lastMs;
    }
    return this.#firstMs[batch] === firstMs && this.#lastMs[batch] === lastMs;
  }

  acknowledge(batch: number, offset: number): void {
    this.#acknowledged[batch] = 1;
    this.#offsets[batch] = offset;
  }

  fail(batch: number): void {
    this.#failures[batch] = (this.#failures[batch] as number) + 1;
  }

  isAcknowledged(batch: number): boolean {
    return this.#acknowledged[batch] === 1;
  }

  /** Offset of the batch's first record, or NO_OFFSET. */
  offsetOf(batch: number): number {
    return this.#offsets[batch] as number;
  }

  /** How many records of one event the attempts explain. An acknowledged batch explains at least one. */
  explained(batch: number): number {
    const left = (this.#attempts[batch] as number) - (this.#failures[batch] as number);
    return Math.max(left, this.isAcknowledged(batch) ? 1 : 0);
  }

  /** Every attempt failed for good: no record of it may be anywhere. */
  isFailed(batch: number): boolean {
    return (this.#attempts[batch] as number) > 0 && this.explained(batch) <= 0;
  }

  /** Index of the first batch that begins at or after the sequence. */
  #place(sequence: number): number {
    let [low, high] = [0, this.#length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#starts[middle] as number) < sequence) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #insert(at: number, start: number, count: number): void {
    if (this.#length === this.#starts.length) this.#grow();
    if (at < this.#length) for (const column of this.#columns()) column.copyWithin(at + 1, at, this.#length);
    this.#length += 1;
    this.#starts[at] = start;
    this.#counts[at] = count;
    this.#firstMs[at] = this.#lastMs[at] = Number.NaN;
    this.#attempts[at] = this.#failures[at] = this.#acknowledged[at] = 0;
    this.#offsets[at] = NO_OFFSET;
  }

  #columns() {
    return [this.#starts, this.#counts, this.#firstMs, this.#lastMs, this.#attempts, this.#failures, this.#acknowledged, this.#offsets];
  }

  #grow(): void {
    const length = this.#starts.length * 2;
    this.#starts = doubled(this.#starts, new Float64Array(length));
    this.#counts = doubled(this.#counts, new Uint32Array(length));
    this.#firstMs = doubled(this.#firstMs, new Float64Array(length));
    this.#lastMs = doubled(this.#lastMs, new Float64Array(length));
    this.#attempts = doubled(this.#attempts, new Uint16Array(length));
    this.#failures = doubled(this.#failures, new Uint16Array(length));
    this.#acknowledged = doubled(this.#acknowledged, new Uint8Array(length));
    this.#offsets = doubled(this.#offsets, new Float64Array(length));
  }
}

function doubled<T extends Float64Array | Uint32Array | Uint16Array | Uint8Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
