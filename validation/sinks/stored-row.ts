import type { EventBytes } from "../../contract/event.ts";

/** A row as a sink stores it: typed values that can be held against an event. How a sink spells them is the sink's own business. */
export type StoredRow = {
  /** The row's identity as it is written: what stands in a column may be no number of a run, or of an event. */
  readonly run: string;
  readonly event: string;
  /** The event that the row names, if it is of the run that is judged; partition -1: no such event. */
  readonly partition: number;
  readonly sequence: number;
  /** @returns how the row differs from the event, as a sentence; undefined: it does not. Every value is told from every other. */
  difference(expected: EventBytes): string | undefined;
};
