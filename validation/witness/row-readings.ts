/** `nextOffset`: what sink_offsets was seen to say before the snapshot was taken. `timeline`: of the server; undefined: unknown. */
export type RowReading = {
  rows: number;
  digest: string;
  timeline?: number | undefined;
  atMs: number;
  nextOffset: number;
};

/** Readings of one range that differ from the one before; beyond, the middle ones are left out. */
const MOST_READINGS = 16;

/** What the witness read of the rows of the sequences [from, to), again and again. Only changes are kept. */
export class RowReadings {
  readonly from: number;
  readonly to: number;
  readonly changes: RowReading[] = [];
  count = 0;

  constructor(from: number, to: number) {
    this.from = from;
    this.to = to;
  }

  add(reading: RowReading): void {
    this.count += 1;
    const last = this.changes.at(-1);
    const isSame = last?.rows === reading.rows && last.digest === reading.digest && last.timeline === reading.timeline;
    if (last !== undefined && isSame) {
      // The latest time that still had fewer rows than a later one is the one that counts.
      last.nextOffset = Math.max(last.nextOffset, reading.nextOffset);
      return;
    }
    if (this.changes.length >= MOST_READINGS) this.changes.splice(MOST_READINGS / 2, 1);
    this.changes.push(reading);
  }
}
