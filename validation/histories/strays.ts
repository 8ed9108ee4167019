import { eventPlace } from "../../contract/event.ts";
import { exactInteger } from "../read/exact-integer.ts";

/** An event that the ledger does not know: of another run, or never attempted. */
export type Stray = {
  /** As it is written: what stands in a column may be no number of a run. */
  run: string;
  /** NaN for an event number that no event has; `text` is how that is written. */
  partition: number;
  sequence: number;
  text?: string | undefined;
  records: number;
  above: number;
  due: boolean;
  rows: number;
  letters: number;
};

/** Beyond this many distinct strays they are only counted, and sums that need them are not judged. */
const MOST_STRAYS = 100_000;

/** The strays of a run, by run and event. Usually empty. */
export class Strays {
  readonly events = new Map<string, Stray>();
  /** Sightings of strays beyond the limit. */
  overflow = 0;

  /** @returns the stray, made if it is new; undefined when there are too many. */
  of(run: number | string, partition: number, sequence: number): Stray | undefined {
    return this.#at(`${run}:${partition}:${sequence}`, { run: String(run), partition, sequence });
  }

  /** The stray that a row or a record names by these texts. Every other text is another stray: no number is rounded. */
  named(run: string, event: string): Stray | undefined {
    const place = eventPlace(exactInteger(event) ?? Number.NaN);
    return place === undefined
      ? this.#at(`${run}:${event}`, { run, partition: Number.NaN, sequence: Number.NaN, text: event })
      : this.of(run, place.partition, place.sequence);
  }

  #at(key: string, identity: Pick<Stray, "run" | "partition" | "sequence" | "text">): Stray | undefined {
    const found = this.events.get(key);
    if (found !== undefined) return found;
    if (this.events.size >= MOST_STRAYS) {
      this.overflow += 1;
      return undefined;
    }
    const { run, partition, sequence, text } = identity;
    const seen = { records: 0, above: 0, due: false, rows: 0, letters: 0 };
    const stray: Stray = { run, partition, sequence, text, ...seen };
    this.events.set(key, stray);
    return stray;
  }

  /** Takes over what was seen of strays elsewhere. */
  merge({ events, overflow }: { events: Iterable<[string, Stray]>; overflow: number }): void {
    this.overflow += overflow;
    for (const [key, seen] of events) {
      const stray = this.#at(key, seen);
      if (stray === undefined) continue;
      for (const figure of ["records", "above", "rows", "letters"] as const) stray[figure] += seen[figure];
      stray.due ||= seen.due;
    }
  }
}
