/** A Map of V8 holds 2^24 entries. */
const MOST_PER_MAP = 2 ** 23;

/** A map without that limit: as many maps as are needed, one where the groups are few. */
export class GroupMap<K, V> {
  readonly #maps: Map<K, V>[];
  readonly #mostPerMap: number;
  readonly #newMap: () => Map<K, V>;

  constructor(mostPerMap = MOST_PER_MAP, newMap: () => Map<K, V> = () => new Map()) {
    this.#mostPerMap = mostPerMap;
    this.#newMap = newMap;
    this.#maps = [newMap()];
  }

  get size(): number {
    return this.#maps.reduce((sum, map) => sum + map.size, 0);
  }

  get(key: K): V | undefined {
    for (const map of this.#maps) {
      const found = map.get(key);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** For a key that the map does not have yet. */
  add(key: K, value: V): void {
    if ((this.#maps.at(-1) as Map<K, V>).size >= this.#mostPerMap) this.#maps.push(this.#newMap());
    (this.#maps.at(-1) as Map<K, V>).set(key, value);
  }

  *entries(): Generator<[K, V]> {
    for (const map of this.#maps) yield* map;
  }
}
