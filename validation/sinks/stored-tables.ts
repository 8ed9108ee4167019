import type { EventBytes } from "../../contract/event.ts";
import type { Aggregate } from "../../contract/pipeline.ts";

/**
 * The seam between a sink and what is judged: what a sink stores, as typed values. How the sink spells them is its own business. Each value is
 * valid only while it is shown, and one object may show one row after the other.
 */
export type StoredTables = {
  offsets(show: (offset: StoredOffset) => void): TakeChunk;
  letters(show: (letter: StoredLetter & Spelled) => void): TakeChunk;
  rows(show: (row: StoredRow & Spelled) => void): TakeChunk;
  groups(spec: Aggregate, show: (group: StoredGroup) => void): TakeChunk;
};

/** Takes the bytes of a part of the sink's tables, in chunks of any size. */
export type TakeChunk = (chunk: Buffer) => void;

/** `line`: as the sink spells it, for the canary, which damages the very bytes that were read. */
export type Spelled = { readonly line: string };

/** An integer that a number holds exactly; anything else as it is written; null. */
export type Whole = number | string | null;

/** A row of the pipeline's table. */
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

/** A record that the sink rejected and kept: a dead letter. */
export type StoredLetter = {
  readonly target: string | null;
  readonly topic: string | null;
  readonly partition: Whole;
  readonly offset: Whole;
  /** The record's bytes. */
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly reason: string | null;
  /** Ms since 1970, NaN for a time that has none; and as it is written. */
  readonly createdMs: number;
  readonly created: string | null;
};

/** A group's key in the words of events, its shard last: a window's begin is in ms since 1970, a field is its value's text. */
export type GroupValues = {
  readonly keys: readonly string[];
  readonly count: bigint;
  readonly sums: readonly bigint[];
};

/** A row of an aggregate's table; sums are times 10^scale. Undefined: null, or nothing that can be compared exactly. */
export type StoredGroup = {
  readonly keys: readonly (string | undefined)[];
  readonly count: bigint | undefined;
  readonly sums: readonly (bigint | undefined)[];
  /** The row as it is written: each column with its value. */
  describe(): string;
};

/** How far the sink says it is with one partition. */
export type StoredOffset = {
  readonly target: string | null;
  readonly topic: string | null;
  readonly partition: Whole;
  readonly startOffset: Whole;
  readonly nextOffset: Whole;
  readonly rows: Whole;
  readonly duplicates: Whole;
  readonly deadLetters: Whole;
  /** Who has written it, and when. */
  readonly generation: Whole;
  readonly writerPid: Whole;
  readonly updatedMs: number;
  readonly updated: string | null;
  /** The row as it is written: each column with its value. */
  describe(): string;
};
