import type { EventBytes } from "../../contract/event.ts";

const SLOTS = 256;
const COMMA = 0x2c;
/** FNV-1a, 32 bits: http://www.isthe.com/chongo/tech/comp/fnv/ */
const FNV_OFFSET = 0x811c9dc5 | 0;
const FNV_PRIME = 0x01000193;

/**
 * The groups of some recent events, found by the bytes of the fields that make up their key: most events belong to one of them, and then no
 * text is made of the key.
 */
export class RecentGroups<Group> {
  readonly #fields: readonly number[];
  readonly #slots = new Map<number, { key: Buffer; group: Group }>();
  #slot = 0;

  /** @param fields the indexes of the key's fields. */
  constructor(fields: readonly number[]) {
    this.#fields = fields;
  }

  clear(): void {
    this.#slots.clear();
  }

  get(event: EventBytes): Group | undefined {
    const { buffer } = event;
    let hash = FNV_OFFSET;
    for (const index of this.#fields)
      for (let at = event.from[index] as number; at < (event.to[index] as number); at++)
        hash = Math.imul(hash ^ (buffer[at] as number), FNV_PRIME);
    this.#slot = (hash ^ (hash >>> 15)) & (SLOTS - 1);
    const found = this.#slots.get(this.#slot);
    return found !== undefined && this.#isOf(found.key, event) ? found.group : undefined;
  }

  /** Remembers the group of the event that `get` was asked for last. */
  keep(event: EventBytes, group: Group): void {
    const parts = this.#fields.flatMap((index) => [
      event.buffer.subarray(event.from[index], event.to[index]),
      Buffer.of(COMMA),
    ]);
    this.#slots.set(this.#slot, { key: Buffer.concat(parts), group });
  }

  /** Each text of JSON ends before its comma, so no other event's texts begin with these. */
  #isOf(key: Buffer, event: EventBytes): boolean {
    const { buffer } = event;
    let next = 0;
    for (const index of this.#fields) {
      for (let at = event.from[index] as number; at < (event.to[index] as number); at++)
        if (buffer[at] !== key[next++]) return false;
      if (key[next++] !== COMMA) return false;
    }
    return true;
  }
}
