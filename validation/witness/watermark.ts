/** A figure that can only grow: "went back from `from` to `to`". */
export type Rewind = { from: number; to: number; atMs: number };

/** As a Rewind, with the timelines of the server that answered before and of the promoted one. */
export type Failover = Rewind & { timelines: [before: number, after: number] };
type Point = { value: number; atMs: number; timeline: number | undefined };

const MOST_REWINDS = 20;
/** At 20 changes a second, the last 51 s at least: a snapshot that took so long is still held against the offset of its beginning. */
const MOST_RECENT = 2048;

/** A figure that may only grow, as the witness saw it; except that it may go back when a standby is promoted. */
export class Watermark {
  /** The highest value, and when it was seen first. Undefined: none was seen. */
  highest: { value: number; atMs: number } | undefined;
  last: Point | undefined;
  /** Where it went back together with a later timeline. */
  readonly failovers: Failover[] = [];
  readonly rewinds: Rewind[] = [];
  rewindCount = 0;
  #recent: Point[] = [];

  /** @param timeline of the server that said so; undefined: unknown, or it has none. */
  add(value: number, atMs: number, timeline?: number): void {
    const { last } = this;
    if (last !== undefined && value < last.value) {
      if (last.timeline !== undefined && timeline !== undefined && timeline > last.timeline)
        this.failovers.push({ from: last.value, to: value, atMs, timelines: [last.timeline, timeline] });
      else this.#rewound(last.value, value, atMs);
    }
    this.last = { value, atMs, timeline };
    if (this.highest === undefined || value > this.highest.value) this.highest = { value, atMs };
    this.#recent.push(this.last);
    if (this.#recent.length > MOST_RECENT) this.#recent = this.#recent.slice(MOST_RECENT / 2);
  }

  #rewound(from: number, to: number, atMs: number): void {
    this.rewindCount += 1;
    if (this.rewinds.length < MOST_REWINDS) this.rewinds.push({ from, to, atMs });
  }

  /** @returns the value as it was known at that time, a short while ago, of a server with this timeline; 0: not known. */
  at(atMs: number, timeline?: number): number {
    const isOf = (item: Point) => item.timeline === undefined || timeline === undefined || item.timeline === timeline;
    return this.#recent.findLast((item) => item.atMs <= atMs && isOf(item))?.value ?? 0;
  }
}
