/** 65,536 bits: a page that is full is one array shared by all, so a complete history costs next to nothing. */
const PAGE_WORDS = 2048;
const PAGE_BITS = PAGE_WORDS * 32;
const FULL = new Uint32Array(PAGE_WORDS).fill(0xffffffff);

/** A bitmap as it is sent to another thread. */
export type PackedBitmap = { pages: [number: number, words: Uint32Array | "full"][]; count: number };

/**
 * A set of sequences or positions, in pages that exist where something is set. The memory grows with the pages that are partly set, not with
 * the highest index, which may be any safe integer.
 */
export class Bitmap {
  /** By number of the page. */
  readonly #pages = new Map<number, Uint32Array>();
  /** How many bits of a page are set. */
  readonly #counts = new Map<number, number>();
  #count = 0;
  /** The page that was used last: most uses are of the same one. */
  #lastPage = -1;
  #last: Uint32Array | undefined;
  #lastCount = 0;

  /** How many are set. */
  get count(): number {
    return this.#count;
  }

  /** The numbers of the pages in which something may be set, in order. */
  get pages(): number[] {
    return [...this.#pages.keys()].toSorted((a, b) => a - b);
  }

  /** 32 bits from `index` · 32 on. */
  word(index: number): number {
    return this.#page(Math.floor(index / PAGE_WORDS))?.[index & (PAGE_WORDS - 1)] ?? 0;
  }

  /** Also for an index that no bitmap can hold: it is in none. */
  has(index: number): boolean {
    if (!Number.isSafeInteger(index) || index < 0) return false;
    const words = this.#page(Math.floor(index / PAGE_BITS));
    return words !== undefined && ((words[(index & (PAGE_BITS - 1)) >>> 5] as number) & (1 << (index & 31))) !== 0;
  }

  /** @returns whether it was not set before. @throws RangeError for an index that is no safe integer. */
  set(index: number): boolean {
    checkIndex(index);
    const number = Math.floor(index / PAGE_BITS);
    const words = this.#page(number) ?? this.#put(number, new Uint32Array(PAGE_WORDS), 0);
    const at = (index & (PAGE_BITS - 1)) >>> 5;
    const word = words[at] as number;
    const bit = 1 << (index & 31);
    if ((word & bit) !== 0) return false;
    words[at] = word | bit;
    this.#count += 1;
    if (++this.#lastCount === PAGE_BITS) this.#put(number, FULL, PAGE_BITS);
    return true;
  }

  clear(index: number): void {
    if (!this.has(index)) return;
    const number = Math.floor(index / PAGE_BITS);
    let words = this.#page(number) as Uint32Array;
    if (words === FULL) words = this.#put(number, FULL.slice(), PAGE_BITS);
    const at = (index & (PAGE_BITS - 1)) >>> 5;
    words[at] = (words[at] as number) & ~(1 << (index & 31));
    this.#lastCount -= 1;
    this.#count -= 1;
  }

  /** Sets [from, to). @throws RangeError for an index that is no safe integer. */
  setRange(from: number, to: number): void {
    if (to <= from) return;
    checkIndex(from);
    checkIndex(to - 1);
    for (let index = from; index < to;) {
      const number = Math.floor(index / PAGE_BITS);
      const end = Math.min(to, (number + 1) * PAGE_BITS);
      if (end - index === PAGE_BITS) {
        this.#page(number);
        this.#count += PAGE_BITS - (this.#lastPage === number ? this.#lastCount : 0);
        this.#put(number, FULL, PAGE_BITS);
      } else if (this.#page(number) !== FULL) {
        this.#setWithinPage(number, index - number * PAGE_BITS, end - number * PAGE_BITS);
      }
      index = end;
    }
  }

  clone(): Bitmap {
    return Bitmap.unpack(this.pack());
  }

  /** @returns a copy that can be sent to another thread. */
  pack(): PackedBitmap {
    this.#keepCount();
    return {
      pages: [...this.#pages].map(([number, words]) => [number, words === FULL ? "full" : words.slice()]),
      count: this.#count,
    };
  }

  static unpack({ pages, count }: PackedBitmap): Bitmap {
    const bitmap = new Bitmap();
    for (const [number, words] of pages) bitmap.#pages.set(number, words === "full" ? FULL : words);
    for (const [number, words] of pages)
      bitmap.#counts.set(number, words === "full" ? PAGE_BITS : words.reduce((sum, word) => sum + popCount(word), 0));
    bitmap.#count = count;
    return bitmap;
  }

  #setWithinPage(number: number, from: number, to: number): void {
    const words = this.#page(number) ?? this.#put(number, new Uint32Array(PAGE_WORDS), 0);
    let added = 0;
    for (let at = from >>> 5; at <= (to - 1) >>> 5; at++) {
      let bits = 0xffffffff;
      if (at === from >>> 5) bits = (bits << (from & 31)) >>> 0;
      if (at === (to - 1) >>> 5) bits = (bits & (0xffffffff >>> (31 - ((to - 1) & 31)))) >>> 0;
      const word = words[at] as number;
      added += popCount((bits & ~word) >>> 0);
      words[at] = word | bits;
    }
    this.#count += added;
    this.#lastCount += added;
    if (this.#lastCount === PAGE_BITS) this.#put(number, FULL, PAGE_BITS);
  }

  #page(number: number): Uint32Array | undefined {
    if (number === this.#lastPage) return this.#last;
    const words = this.#pages.get(number);
    if (words !== undefined) this.#use(number, words, this.#counts.get(number) as number);
    return words;
  }

  #put(number: number, words: Uint32Array, count: number): Uint32Array {
    this.#pages.set(number, words);
    this.#counts.set(number, count);
    this.#use(number, words, count);
    return words;
  }

  #use(number: number, words: Uint32Array, count: number): void {
    if (number !== this.#lastPage) this.#keepCount();
    this.#lastPage = number;
    this.#last = words;
    this.#lastCount = count;
  }

  #keepCount(): void {
    if (this.#lastPage >= 0) this.#counts.set(this.#lastPage, this.#lastCount);
  }
}

/** The indexes of all words in which one of the bitmaps may have a bit, in order. */
export function* wordsOf(bitmaps: readonly Bitmap[]): Generator<number> {
  const pages = new Set(bitmaps.flatMap((bitmap) => bitmap.pages));
  for (const number of [...pages].toSorted((a, b) => a - b))
    for (let at = 0; at < PAGE_WORDS; at++) yield number * PAGE_WORDS + at;
}

function checkIndex(index: number): void {
  if (!Number.isSafeInteger(index) || index < 0) throw new RangeError(`index ${index} is out of a bitmap's range`);
}

/** How many bits of a 32-bit word are set (Hacker's Delight, 5-2). */
export function popCount(word: number): number {
  let value = word - ((word >>> 1) & 0x55555555);
  value = (value & 0x33333333) + ((value >>> 2) & 0x33333333);
  return Math.imul((value + (value >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

export type PackedCountedBitmap = { levels: PackedBitmap[]; beyond: [number, number][] };

/** A level for each copy up to this many; further copies are counted one by one. */
const MOST_LEVELS = 16;

/**
 * A multiset of small integers: level k holds those that were added at least k times. Almost always one level, rarely two or three. The
 * copies beyond the last level are numbers in a map.
 */
export class CountedBitmap {
  readonly #levels: Bitmap[];
  readonly #beyond: Map<number, number>;

  constructor(levels: Bitmap[] = [new Bitmap()], beyond = new Map<number, number>()) {
    this.#levels = levels;
    this.#beyond = beyond;
  }

  /** Those that were added at least `times` times; for 1 and 2. */
  atLeast(times: number): Bitmap {
    return this.#levels[times - 1] ?? EMPTY;
  }

  /** Distinct ones. */
  get distinct(): number {
    return this.atLeast(1).count;
  }

  /** All additions. */
  get total(): number {
    let total = this.#levels.reduce((sum, level) => sum + level.count, 0);
    for (const more of this.#beyond.values()) total += more;
    return total;
  }

  /** @returns whether this was the first. */
  add(index: number): boolean {
    for (let level = 0; level < MOST_LEVELS; level++) {
      const bitmap = (this.#levels[level] ??= new Bitmap());
      if (bitmap.set(index)) return level === 0;
    }
    this.#beyond.set(index, (this.#beyond.get(index) ?? 0) + 1);
    return false;
  }

  timesOf(index: number): number {
    let times = 0;
    while (times < this.#levels.length && (this.#levels[times] as Bitmap).has(index)) times += 1;
    return times < MOST_LEVELS ? times : times + (this.#beyond.get(index) ?? 0);
  }

  /** Takes one copy away. */
  remove(index: number): void {
    const times = this.timesOf(index);
    if (times > MOST_LEVELS) this.#beyond.set(index, times - MOST_LEVELS - 1);
    else if (times > 0) (this.#levels[times - 1] as Bitmap).clear(index);
  }

  clone(): CountedBitmap {
    return CountedBitmap.unpack(this.pack());
  }

  /** @returns a copy that can be sent to another thread. */
  pack(): PackedCountedBitmap {
    return { levels: this.#levels.map((level) => level.pack()), beyond: [...this.#beyond] };
  }

  static unpack({ levels, beyond }: PackedCountedBitmap): CountedBitmap {
    return new CountedBitmap(
      levels.map((level) => Bitmap.unpack(level)),
      new Map(beyond),
    );
  }
}

const EMPTY = new Bitmap();
