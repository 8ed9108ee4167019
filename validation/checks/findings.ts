import type { Anomaly, AnomalyKind } from "../../contract/verdict.ts";
import type { Bitmap } from "../histories/bitmap.ts";
import { popCount, wordsOf } from "../histories/bitmap.ts";

/** Ranges that a report names; the count has all. */
const MOST_RANGES = 20;

/** Collects one kind of anomaly. */
export class Findings {
  readonly kind: AnomalyKind;
  count = 0;
  readonly ranges: string[] = [];
  /** Counts by cause; they become the detail. */
  readonly #causes = new Map<string, number>();
  readonly #examples: string[] = [];

  constructor(kind: AnomalyKind) {
    this.kind = kind;
  }

  /**
   * Adds the sequences of a partition for which `word` has bits set; `word` is asked for each 32 sequences where one of `sets` has some.
   * @param cause why, for the detail.
   */
  add(partition: number, sets: readonly Bitmap[], word: (index: number) => number, cause = ""): void {
    let from = -1;
    let found = 0;
    let next = 0;
    const end = (at: number) => {
      if (from >= 0) this.#range(rangeText(partition, from, at - 1));
      from = -1;
    };
    for (const index of wordsOf(sets)) {
      if (index !== next) end(next * 32);
      next = index + 1;
      const bits = word(index) >>> 0;
      found += popCount(bits);
      if (bits === 0xffffffff && from >= 0) continue;
      if (bits === 0 && from < 0) continue;
      for (let bit = 0; bit < 32; bit++) {
        const isSet = ((bits >>> bit) & 1) === 1;
        if (isSet && from < 0) from = index * 32 + bit;
        else if (!isSet) end(index * 32 + bit);
      }
    }
    end(next * 32);
    this.#counted(found, cause);
  }

  /** Adds a finding that is not a set of sequences. */
  addText(text: string, count = 1, cause = ""): void {
    this.#range(text);
    this.#counted(count, cause);
  }

  /** An example that makes the detail clearer. */
  example(text: string): void {
    if (this.#examples.length < 5) this.#examples.push(text);
  }

  /** @returns the anomaly, or none if nothing was found. */
  anomalies(): Anomaly[] {
    if (this.count === 0) return [];
    const causes = [...this.#causes].filter(([cause]) => cause !== "").map(([cause, count]) => `${count} ${cause}`);
    return [
      {
        kind: this.kind,
        count: this.count,
        ranges: this.ranges,
        detail: [causes.join(", "), ...this.#examples].filter((text) => text !== "").join("; "),
      },
    ];
  }

  #range(text: string): void {
    if (this.ranges.length < MOST_RANGES) this.ranges.push(text);
  }

  #counted(count: number, cause: string): void {
    this.count += count;
    if (count > 0) this.#causes.set(cause, (this.#causes.get(cause) ?? 0) + count);
  }
}

/** "p3 #120-140", sequences of a partition, both ends included. */
export function rangeText(partition: number, first: number, last = first): string {
  return `p${partition} #${first}${last === first ? "" : `-${last}`}`;
}

/** Stray events: "p3 #7", "run 5 p3 #7-9" of another run, or "event -1" for a number that no event has. */
export function strayText(
  run: number,
  stray: { run: string; partition: number; sequence: number; text?: string | undefined },
  last = stray.sequence,
): string {
  const event = stray.text === undefined ? rangeText(stray.partition, stray.sequence, last) : `event ${stray.text}`;
  return `${stray.run === String(run) ? "" : `run ${stray.run} `}${event}`;
}
