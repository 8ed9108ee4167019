import { RecordDigest } from "../../contract/record-digest.ts";
import type { RawRecord } from "../read/raw-record.ts";

/** Offsets [from, to) of a partition whose records are summed up. */
export type OffsetRange = { from: number; to: number };
export type MeasuredRange = OffsetRange & { records: number; digest: string };

/** Ranges that do not overlap, in their order. */
class Layer {
  readonly ranges: OffsetRange[] = [];
  readonly #digest = new RecordDigest();
  #at = 0;
  #records = 0;

  get end(): number {
    return this.ranges.at(-1)?.to ?? 0;
  }

  add(offset: number, record: RawRecord, done: MeasuredRange[]): void {
    let range = this.ranges[this.#at];
    while (range !== undefined && offset >= range.to) {
      this.#finish(range, done);
      range = this.ranges[this.#at];
    }
    if (range === undefined || offset < range.from) return;
    this.#records += 1;
    const { bytes, keyFrom, keyTo, valueFrom, valueTo, timestampMs } = record;
    this.#digest.add(offset, timestampMs, bytes, keyFrom, keyTo, bytes, valueFrom, valueTo);
  }

  finish(done: MeasuredRange[]): void {
    for (let range = this.ranges[this.#at]; range !== undefined; range = this.ranges[this.#at])
      this.#finish(range, done);
  }

  #finish({ from, to }: OffsetRange, done: MeasuredRange[]): void {
    done.push({ from, to, records: this.#records, digest: this.#digest.take() });
    this.#records = 0;
    this.#at += 1;
  }
}

/** Sums up the records of a partition over the ranges that the witness has read, in one pass over the log. */
export class RangeDigests {
  readonly #layers: Layer[] = [];
  readonly #done: MeasuredRange[] = [];

  /** @param ranges in any order; they overlap only if the witness saw the log go back. */
  constructor(ranges: readonly OffsetRange[]) {
    for (const { from, to } of ranges.toSorted((a, b) => a.from - b.from || a.to - b.to)) {
      let layer = this.#layers.find(({ end }) => end <= from);
      if (layer === undefined) this.#layers.push((layer = new Layer()));
      layer.ranges.push({ from, to });
    }
  }

  /** Takes the records in the order of their offsets. */
  add(offset: number, record: RawRecord): void {
    for (const layer of this.#layers) layer.add(offset, record, this.#done);
  }

  /** Call this after the last record. @returns what each range has. */
  finish(): MeasuredRange[] {
    for (const layer of this.#layers) layer.finish(this.#done);
    return this.#done;
  }
}
