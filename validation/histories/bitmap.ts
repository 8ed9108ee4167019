/** Largest index + 1: above it a word's index no longer fits the shifts used here. */
export const BITMAP_LIMIT = 2 ** 31;

/** A set of small integers, one bit each; grows by doubling. */
export class Bitmap {
  #words: Uint32Array;
  #count = 0;

  constructor(words = new Uint32Array(0), count = 0) {
    this.#words = words;
    this.#count = count;
  }

  /** How many are set. */
  get count(): number {
    return this.#count;
  }

  /** How many 32-bit words there are; those beyond are zero. */
  get words(): number {
    return this.#words.length;
  }

  word(index: number): number {
    return this.#words[index] ?? 0;
  }

  has(index: number): boolean {
    return ((this.#words[index >>> 5] ?? 0) & (1 << (index & 31))) !== 0;
  }

  /** @returns whether it was not set before. */
  set(index: number): boolean {
    const at = index >>> 5;
    if (at >= this.#words.length) this.#grow(index);
    const word = this.#words[at] as number;
    const bit = 1 << (index & 31);
    if ((word & bit) !== 0) return false;
    this.#words[at] = word | bit;
    this.#count += 1;
    return true;
  }

  clear(index: number): void {
    if (!this.has(index)) return;
    this.#words[index >>> 5] = (this.#words[index >>> 5] as number) & ~(1 << (index & 31));
    this.#count -= 1;
  }

  /** Sets [from, to). */
  setRange(from: number, to: number): void {
    for (let index = from; index < to; index++) {
      if ((index & 31) === 0 && index + 32 <= to) {
        if (index >>> 5 >= this.#words.length) this.#grow(index);
        this.#count += 32 - popCount(this.#words[index >>> 5] as number);
        this.#words[index >>> 5] = 0xffffffff;
        index += 31;
      } else this.set(index);
    }
  }

  clone(): Bitmap {
    return new Bitmap(this.#words.slice(), this.#count);
  }

  #grow(index: number): void {
    if (index < 0 || index >= BITMAP_LIMIT) throw new RangeError(`index ${index} is out of a bitmap's range`);
    const grown = new Uint32Array(Math.max((index >>> 5) + 1, this.#words.length * 2, 32));
    grown.set(this.#words);
    this.#words = grown;
  }
}

/** How many bits of a 32-bit word are set (Hacker's Delight, 5-2). */
export function popCount(word: number): number {
  let value = word - ((word >>> 1) & 0x55555555);
  value = (value & 0x33333333) + ((value >>> 2) & 0x33333333);
  return Math.imul((value + (value >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** Copies beyond this many of one event are not told apart. */
const MOST_COPIES = 64;

/** A multiset of small integers: level k holds those that were added at least k times. Almost always one level, rarely two or three. */
export class CountedBitmap {
  readonly #levels: Bitmap[];

  constructor(levels: Bitmap[] = [new Bitmap()]) {
    this.#levels = levels;
  }

  /** Those that were added at least `times` times. */
  atLeast(times: number): Bitmap {
    return this.#levels[times - 1] ?? EMPTY;
  }

  /** Distinct ones. */
  get distinct(): number {
    return this.atLeast(1).count;
  }

  /** All additions. */
  get total(): number {
    return this.#levels.reduce((sum, level) => sum + level.count, 0);
  }

  /** @returns whether this was the first. */
  add(index: number): boolean {
    for (let level = 0; level < MOST_COPIES; level++) {
      const bitmap = (this.#levels[level] ??= new Bitmap());
      if (bitmap.set(index)) return level === 0;
    }
    return false;
  }

  timesOf(index: number): number {
    let times = 0;
    while (times < this.#levels.length && (this.#levels[times] as Bitmap).has(index)) times += 1;
    return times;
  }

  /** Takes one copy away. */
  remove(index: number): void {
    const times = this.timesOf(index);
    if (times > 0) (this.#levels[times - 1] as Bitmap).clear(index);
  }

  clone(): CountedBitmap {
    return new CountedBitmap(this.#levels.map((level) => level.clone()));
  }
}

const EMPTY = new Bitmap();
