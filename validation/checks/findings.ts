import type { Anomaly, AnomalyKind } from "../../contract/verdict.ts";
import type { Bitmap } from "../histories/bitmap.ts";
import { popCount } from "../histories/bitmap.ts";

/** Ranges that a report names; the count has all. */
const MOST_RANGES = 20;

/** Collects one kind of anomaly. */
export class Findings {
  readonly kind: AnomalyKind;
  count = 0;
  readonly ranges: string[] = [];
  /** What was found, by cause; becomes the detail. */
  readonly #causes = new Map<string, number>();
  readonly #examples: string[] = [];

  constructor(kind: AnomalyKind) {
    this.kind = kind;
  }

  /**
   * Adds the sequences of a partition for which `word` has bits set; `word` is asked for each 32 sequences up to the longest of `sets`.
   * @param cause why, for the detail.
   */
  add(partition: number, sets: readonly Bitmap[], word: (index: number) => number, cause = ""): void {
    const words = Math.max(...sets.map((set) => set.words));
    let from = -1;
    let found = 0;
    for (let index = 0; index <= words; index++) {
      const bits = index === words ? 0 : word(index) >>> 0;
      found += popCount(bits);
      if (bits === 0xffffffff && from >= 0) continue;
      if (bits === 0 && from < 0) continue;
      for (let bit = 0; bit < 32; bit++) {
        const isSet = ((bits >>> bit) & 1) === 1;
        if (isSet && from < 0) from = index * 32 + bit;
        else if (!isSet && from >= 0) {
          this.#range(rangeText(partition, from, index * 32 + bit - 1));
          from = -1;
        }
      }
    }
    this.#counted(found, cause);
  }

  /** Adds something that is no set of sequences. */
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
      { kind: this.kind, count: this.count, ranges: this.ranges, detail: [causes.join(", "), ...this.#examples].filter((text) => text !== "").join("; ") },
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

/** Stray events: "p3 #7", or "run 5 p3 #7-9" of another run. */
export function strayText(run: number, stray: { run: number; partition: number; sequence: number }, last = stray.sequence): string {
  return `${stray.run === run ? "" : `run ${stray.run} `}${rangeText(stray.partition, stray.sequence, last)}`;
}
