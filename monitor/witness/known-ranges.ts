import type { RowRange } from "../../contract/rows-digest.ts";

/** More are not kept: beyond, a new one takes the place of a random one. */
const MOST_RANGES = 4096;

/** The ranges of rows that were read once and may be read again, evenly chosen from all of the run, in bounded memory. */
export class KnownRanges {
  readonly #kept: RowRange[] = [];
  readonly #ends = new Map<number, number>();
  #seen = 0;

  /** Adds a range, if it begins behind all others of its partition: what is read again is known already. */
  add(range: RowRange): void {
    if (range.to <= this.endOf(range.partition)) return;
    this.#ends.set(range.partition, range.to);
    this.#seen += 1;
    if (this.#kept.length < MOST_RANGES) {
      this.#kept.push(range);
      return;
    }
    // Reservoir sampling: each range of the run is kept with the same chance.
    const place = Math.floor(Math.random() * this.#seen);
    if (place < MOST_RANGES) this.#kept[place] = range;
  }

  /** The sequence behind the last range of a partition. */
  endOf(partition: number): number {
    return this.#ends.get(partition) ?? 0;
  }

  /** @returns at most so many different ranges, at random. */
  pick(count: number): RowRange[] {
    const picked = new Set<RowRange>();
    for (let tries = 0; tries < count * 2 && picked.size < Math.min(count, this.#kept.length); tries++)
      picked.add(this.#kept[Math.floor(Math.random() * this.#kept.length)] as RowRange);
    return [...picked];
  }
}
