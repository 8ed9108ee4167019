import { Bitmap } from "./bitmap.ts";

/** A letter whose bytes are not those of an attempted, malformed event of its partition: kept as it is, since nothing recomputes it. */
export type OddLetter = { key: Buffer | null; value: Buffer | null };

/** Odd letters whose bytes are kept; beyond that the letter itself stays known, its bytes don't, and it counts as different. */
const MOST_ODD = 20_000;

/** The dead letters of one partition in order of offset: 16 bytes each. */
export class DeadLetters {
  readonly offsets: number[] = [];
  /** The event that the key names, or -1 when the letter is odd. */
  readonly sequences: number[] = [];
  readonly odd = new Map<number, OddLetter>();
  /** By position: the log has the record at its offset. */
  readonly matched: Bitmap;
  #cursor = 0;

  constructor(matched = new Bitmap()) {
    this.matched = matched;
  }

  /** Offsets must not fall. */
  add(offset: number, sequence: number, odd?: OddLetter): void {
    if (odd !== undefined && this.odd.size < MOST_ODD) this.odd.set(this.offsets.length, odd);
    this.offsets.push(offset);
    this.sequences.push(odd === undefined ? sequence : -1);
  }

  /** Position of the letter at an offset, or -1; marks it as matched. Fast when offsets come in order. */
  match(offset: number): number {
    if (this.#cursor > 0 && (this.offsets[this.#cursor - 1] as number) >= offset) this.#cursor = 0;
    while (this.#cursor < this.offsets.length && (this.offsets[this.#cursor] as number) < offset) this.#cursor += 1;
    if (this.offsets[this.#cursor] !== offset) return -1;
    this.matched.set(this.#cursor);
    return this.#cursor;
  }

  clone(): DeadLetters {
    const copy = new DeadLetters(this.matched.clone());
    for (const offset of this.offsets) copy.offsets.push(offset);
    for (const sequence of this.sequences) copy.sequences.push(sequence);
    for (const [position, letter] of this.odd) copy.odd.set(position, letter);
    return copy;
  }
}
