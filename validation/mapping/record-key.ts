import type { EventPlace } from "../../contract/event.ts";
import { eventPlace, parseEventKey } from "../../contract/event.ts";

const ZERO = 0x30;

/** Reads record keys of one run quickly: most have its prefix, then digits. */
export class RecordKeys {
  readonly #run: number;
  readonly #prefix: Buffer;

  constructor(run: number) {
    this.#run = run;
    this.#prefix = Buffer.from(`${run}:`);
  }

  /** @returns run and place of the key in [from, to), or undefined for a key that no event has. */
  read(bytes: Buffer, from: number, to: number): ({ run: number } & EventPlace) | undefined {
    const digits = from + this.#prefix.length;
    if (to <= digits || this.#prefix.compare(bytes, from, digits) !== 0)
      return parseEventKey(bytes.toString("latin1", from, to));
    if (bytes[digits] === ZERO && to > digits + 1) return undefined;
    let event = 0;
    for (let at = digits; at < to; at++) {
      const digit = (bytes[at] as number) - ZERO;
      if (digit < 0 || digit > 9) return undefined;
      event = event * 10 + digit;
    }
    const place = eventPlace(event);
    return place === undefined ? undefined : { run: this.#run, ...place };
  }
}
