import { eventPlace } from "../../contract/event.ts";

/** An event that the ledger does not know: of another run, or never attempted. */
export type Stray = { run: number; partition: number; sequence: number; records: number; above: number; due: boolean; rows: number; letters: number };

/** Distinct strays that are told apart; beyond that they are only counted, and sums that need them are not judged. */
const MOST_STRAYS = 100_000;

/** The strays of a run, by run and event. Usually empty. */
export class Strays {
  readonly events = new Map<string, Stray>();
  /** Sightings of strays that no longer found a place. */
  overflow = 0;

  of(run: number, partition: number, sequence: number): Stray | undefined {
    const key = `${run}:${partition}:${sequence}`;
    const found = this.events.get(key);
    if (found !== undefined) return found;
    if (this.events.size >= MOST_STRAYS) {
      this.overflow += 1;
      return undefined;
    }
    const stray = { run, partition, sequence, records: 0, above: 0, due: false, rows: 0, letters: 0 };
    this.events.set(key, stray);
    return stray;
  }

  clone(): Strays {
    const copy = new Strays();
    for (const [key, stray] of this.events) copy.events.set(key, { ...stray });
    copy.overflow = this.overflow;
    return copy;
  }
}

/** Partition and sequence of any number, also of one that no event has. */
export function strayPlace(event: number): [number, number] {
  const place = eventPlace(event);
  return place === undefined ? [-1, event] : [place.partition, place.sequence];
}
