import type { RowRange } from "../../contract/rows-digest.ts";

/** More are not kept: beyond, a new one takes the place of a random one. */
const MOST_RANGES = 4096;
/** A range whose rows are missing still is told so often after next_offset had passed it: one line is proof enough that they came late. */
const MOST_AFTER_PASSED = 2;

/** The ranges of rows that were read once and may be read again, evenly chosen from all of the run, in bounded memory. */
export class KnownRanges {
  readonly #kept: RowRange[] = [];
  readonly #ends = new Map<number, number>();
  /** Of each range's last line: the digest, and how many lines in a row had it after next_offset had passed the range. */
  readonly #told = new WeakMap<RowRange, { digest: string; afterPassed: number }>();
  #seen = 0;
  /** Where the sweep is. */
  #next = 0;

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

  /**
   * The next ranges of a sweep over all: after a sweep, each was picked once.
   * @param most.ranges, most.sequences of all that are picked; one range is picked even if it has more.
   */
  pick(most: { ranges: number; sequences: number }): RowRange[] {
    const picked: RowRange[] = [];
    let sequences = 0;
    while (picked.length < Math.min(most.ranges, this.#kept.length)) {
      this.#next %= this.#kept.length;
      const range = this.#kept[this.#next] as RowRange;
      sequences += range.to - range.from;
      if (picked.length > 0 && sequences > most.sequences) break;
      picked.push(range);
      this.#next += 1;
    }
    return picked;
  }

  /**
   * Notes what was read of a range.
   * @param isPassed next_offset was behind all of its records before it was read.
   * @returns whether it has to be told: what was told before is another thing, or rows are missing still, and it was not yet told that they are
   *   missing although next_offset has passed them. (Malformed events have no rows: they are missing forever.)
   */
  isNews(range: RowRange, { rows, digest }: { rows: number; digest: string }, isPassed: boolean): boolean {
    const last = this.#told.get(range);
    const isSame = last?.digest === digest;
    const afterPassed = isSame ? last.afterPassed : 0;
    const isNews = !isSame || (rows < range.to - range.from && afterPassed < MOST_AFTER_PASSED);
    this.#told.set(range, { digest, afterPassed: afterPassed + (isNews && isPassed ? 1 : 0) });
    return isNews;
  }
}
