import type { QuietResult } from "../frontier/quiet.ts";
import type { LookUpRows } from "../read/commit-times.ts";
import type { SourcePlace } from "./place.ts";
import type { Ask } from "./question.ts";
import type { PartitionSource } from "./run-source.ts";

/** Everything that a verdict asks of Kafka and PostgreSQL: live servers, or an evidence file that has their answers. */
export type RunServers = {
  /** When an evidence file was taken, ms since 1970; undefined: the servers are live, and so may be the producer. */
  readonly takenMs: number | undefined;
  /** @throws FaultlineError if a server can't be reached. */
  waitUntilQuiet(ledgerFile: string, signal: AbortSignal): Promise<QuietResult>;
  ask: Ask;
  /** Begins the one snapshot in which all tables are read. @throws FaultlineError, UnreadableError if they can't be read. */
  beginSnapshot(): Promise<void>;
  /** A reader for this thread. Its tables are those of the snapshot; without one they can't be read. */
  partitions(): PartitionSource;
  /** From which other threads make readers of their own (openPlace); undefined: only this thread can read. */
  readonly place: SourcePlace | undefined;
  /** Looks commit times up. @throws Error: PostgreSQL does not keep them, or the evidence lacks one. */
  lookUpRows(): Promise<LookUpRows>;
  close(): Promise<void>;
};
