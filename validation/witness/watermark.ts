/** A figure that can only grow: "went back from `from` to `to`". */
export type Rewind = { from: number; to: number; atMs: number };

const MOST_REWINDS = 20;
/** At 20 changes a second, the last 51 s at least: a snapshot that took so long is still held against the offset of its beginning. */
const MOST_RECENT = 2048;

/** A figure that may only grow, as the witness saw it. */
export class Watermark {
  /** The highest value, and when it was seen first. Undefined: none was seen. */
  highest: { value: number; atMs: number } | undefined;
  last: { value: number; atMs: number } | undefined;
  readonly rewinds: Rewind[] = [];
  rewindCount = 0;
  #recent: { value: number; atMs: number }[] = [];

  add(value: number, atMs: number): void {
    if (this.last !== undefined && value < this.last.value) {
      this.rewindCount += 1;
      if (this.rewinds.length < MOST_REWINDS) this.rewinds.push({ from: this.last.value, to: value, atMs });
    }
    this.last = { value, atMs };
    if (this.highest === undefined || value > this.highest.value) this.highest = { value, atMs };
    this.#recent.push({ value, atMs });
    if (this.#recent.length > MOST_RECENT) this.#recent = this.#recent.slice(MOST_RECENT / 2);
  }

  /** @returns the value as it was known at that time, a short while ago; 0: not known. */
  at(atMs: number): number {
    return this.#recent.findLast((item) => item.atMs <= atMs)?.value ?? 0;
  }
}
