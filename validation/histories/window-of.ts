import type { EventBytes } from "../../contract/event.ts";
import { plainText } from "./event-values.ts";

const MINUTE_MS = 60_000;
/** `"2026-07-01T12:34:56.789Z"` with its quotes, as events have it: so long, and so much of it tells the minute. */
const WHOLE = 26;
const UP_TO_MINUTE = 17;

/** The window of a timestamp field, for events that come nearly in the order of time: most are of the same minute as the one before. */
export class WindowOf {
  readonly #index: number;
  readonly #windowMs: number;
  readonly #minute = Buffer.alloc(UP_TO_MINUTE);
  #startMs = Number.NaN;

  /** @param index of the field. */
  constructor(index: number, windowMs: number) {
    this.#index = index;
    this.#windowMs = windowMs;
  }

  /** @returns when the event's window begins, ms since 1970. */
  startMs(event: EventBytes): number {
    const from = event.from[this.#index] as number;
    // Another length may be another time zone, whose minute is another one.
    const isWhole = (event.to[this.#index] as number) - from === WHOLE;
    if (isWhole && this.#minute.compare(event.buffer, from, from + UP_TO_MINUTE) === 0) return this.#startMs;
    const atMs = Date.parse(plainText(event, this.#index));
    const startMs = Math.floor(atMs / this.#windowMs) * this.#windowMs;
    // A window that is shorter than a minute is another one within it.
    if (isWhole && this.#windowMs % MINUTE_MS === 0) {
      event.buffer.copy(this.#minute, 0, from, from + UP_TO_MINUTE);
      this.#startMs = startMs;
    }
    return startMs;
  }
}
