import { Bitmap } from "./bitmap.ts";
import type { PackedBitmap } from "./bitmap.ts";

/** A letter whose bytes are not those of an attempted, malformed event of its partition: kept as it is, since nothing recomputes it. */
export type OddLetter = { key: Buffer | null; value: Buffer | null };

/** Odd letters whose bytes are kept; beyond that the letter itself stays known, its bytes don't, and it counts as different. */
const MOST_ODD = 20_000;

export type PackedLetters = {
  offsets: number[];
  sequences: number[];
  odd: [number, { key: Uint8Array | null; value: Uint8Array | null }][];
  matched: PackedBitmap;
};

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
    // Before the first letter and behind the last there is none: undefined, which compares as false.
    if ((this.offsets[this.#cursor - 1] as number) >= offset) this.#cursor = 0;
    while ((this.offsets[this.#cursor] as number) < offset) this.#cursor += 1;
    if (this.offsets[this.#cursor] !== offset) return -1;
    this.matched.set(this.#cursor);
    return this.#cursor;
  }

  /** @returns a copy that can be sent to another thread. */
  pack(): PackedLetters {
    return { offsets: this.offsets, sequences: this.sequences, odd: [...this.odd], matched: this.matched.pack() };
  }

  static unpack({ offsets, sequences, odd, matched }: PackedLetters): DeadLetters {
    const letters = new DeadLetters(Bitmap.unpack(matched));
    for (const offset of offsets) letters.offsets.push(offset);
    for (const sequence of sequences) letters.sequences.push(sequence);
    for (const [position, { key, value }] of odd) letters.odd.set(position, { key: buffer(key), value: buffer(value) });
    return letters;
  }
}

/** Bytes that came from another thread are a plain Uint8Array. */
function buffer(bytes: Uint8Array | null): Buffer | null {
  return bytes === null ? null : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
