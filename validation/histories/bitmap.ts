/** 65,536 bits: a page that is full is one array shared by all, so a complete history costs next to nothing. */
const PAGE_WORDS = 2048;
const PAGE_BITS = PAGE_WORDS * 32;
const FULL = new Uint32Array(PAGE_WORDS).fill(0xffffffff);

/** `count`: how many bits are set. */
type Page = { words: Uint32Array; count: number };

/** A bitmap as it is sent to another thread. */
export type PackedBitmap = { pages: [number: number, words: Uint32Array | "full"][]; count: number };

/**
 * A set of sequences or positions, in pages that exist where something is set. The memory grows with the pages that are partly set, not with
 * the highest index, which may be any safe integer.
 */
export class Bitmap {
  /** By number of the page. */
  readonly #pages = new Map<number, Page>();
  #count = 0;
  /** The page that was used last: most uses are of the same one. */
  #lastNumber = -1;
  #last: Page | undefined;

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
    return this.#page(Math.floor(index / PAGE_WORDS))?.words[index & (PAGE_WORDS - 1)] ?? 0;
  }

  /** Also for an index that no bitmap can hold: it is in none. */
  has(index: number): boolean {
    if (!Number.isSafeInteger(index)) return false;
    const page = this.#page(Math.floor(index / PAGE_BITS));
    return page !== undefined && ((page.words[(index & (PAGE_BITS - 1)) >>> 5] as number) & (1 << (index & 31))) !== 0;
  }

  /** @returns whether it was not set before. @throws RangeError for an index that is no safe integer. */
  set(index: number): boolean {
    checkIndex(index);
    const page = this.#pageFor(Math.floor(index / PAGE_BITS));
    const at = (index & (PAGE_BITS - 1)) >>> 5;
    const word = page.words[at] as number;
    const bit = 1 << (index & 31);
    if ((word & bit) !== 0) return false;
    page.words[at] = word | bit;
    this.#grow(page, 1);
    return true;
  }

  clear(index: number): void {
    if (!this.has(index)) return;
    const page = this.#pageFor(Math.floor(index / PAGE_BITS));
    if (page.words === FULL) page.words = FULL.slice();
    const at = (index & (PAGE_BITS - 1)) >>> 5;
    page.words[at] = (page.words[at] as number) & ~(1 << (index & 31));
    page.count -= 1;
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
      this.#setWithin(this.#pageFor(number), index - number * PAGE_BITS, end - number * PAGE_BITS);
      index = end;
    }
  }

  clone(): Bitmap {
    return Bitmap.unpack(this.pack());
  }

  /** @returns a copy that can be sent to another thread. */
  pack(): PackedBitmap {
    return {
      pages: [...this.#pages].map(([number, { words }]) => [number, words === FULL ? "full" : words.slice()]),
      count: this.#count,
    };
  }

  static unpack({ pages, count }: PackedBitmap): Bitmap {
    const bitmap = new Bitmap();
    for (const [number, words] of pages) {
      const page =
        words === "full"
          ? { words: FULL, count: PAGE_BITS }
          : { words, count: words.reduce((sum, word) => sum + popCount(word), 0) };
      bitmap.#pages.set(number, page);
    }
    bitmap.#count = count;
    return bitmap;
  }

  /** Sets [from, to) of a page. */
  #setWithin(page: Page, from: number, to: number): void {
    const { words } = page;
    let added = 0;
    for (let at = from >>> 5; at <= (to - 1) >>> 5; at++) {
      let bits = 0xffffffff;
      if (at === from >>> 5) bits = (bits << (from & 31)) >>> 0;
      if (at === (to - 1) >>> 5) bits = (bits & (0xffffffff >>> (31 - ((to - 1) & 31)))) >>> 0;
      const word = words[at] as number;
      added += popCount((bits & ~word) >>> 0);
      words[at] = word | bits;
    }
    this.#grow(page, added);
  }

  #grow(page: Page, added: number): void {
    this.#count += added;
    page.count += added;
    if (page.count === PAGE_BITS) page.words = FULL;
  }

  #page(number: number): Page | undefined {
    if (number !== this.#lastNumber) {
      this.#last = this.#pages.get(number);
      this.#lastNumber = number;
    }
    return this.#last;
  }

  /** The page, made if it is new. */
  #pageFor(number: number): Page {
    const found = this.#page(number);
    if (found !== undefined) return found;
    const page = { words: new Uint32Array(PAGE_WORDS), count: 0 };
    this.#pages.set(number, page);
    return (this.#last = page);
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

  constructor(levels: Bitmap[] = [], beyond = new Map<number, number>()) {
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
    return times + (this.#beyond.get(index) ?? 0);
  }

  /** Takes one copy away. */
  remove(index: number): void {
    const times = this.timesOf(index);
    if (times > MOST_LEVELS) this.#beyond.set(index, times - MOST_LEVELS - 1);
    else if (times > 0) (this.#levels[times - 1] as Bitmap).clear(index);
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
