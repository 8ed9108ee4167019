import { decodeLine, encodeLine } from "./log-line.ts";

/**
 * The run ledger: what the producer knows, as NDJSON (see docs/ledger-format.md). An `attempt` is on disk before its send;
 * an attempt without an outcome is indeterminate.
 */
export type LedgerRecord = LedgerOpen | LedgerAttempt | LedgerAck | LedgerIndeterminate | LedgerFailed | LedgerClose;

/** A producer process began to write. The first line of the file, and one more for each restart; all but pid and at_ms never change in a run. */
export type LedgerOpen = {
  t: "open";
  version: 1;
  run: number;
  seed: number;
  malformed_ppm: number;
  pipeline: string;
  pipeline_sha256: string;
  topic: string;
  partitions: number;
  pid: number;
  at_ms: number;
};

/** Sequences [s, s + n) of partition p are about to be sent, for the a-th time (from 1); created between first_ms and last_ms (see createdMsOf). The same s always has the same n, first_ms, last_ms. */
export type LedgerAttempt = { t: "attempt"; p: number; s: number; n: number; first_ms: number; last_ms: number; a: number; at_ms: number };

/** Kafka acknowledged the batch with acks=all; its records have offsets [o, o + n). */
export type LedgerAck = { t: "ack"; p: number; s: number; n: number; o: number; at_ms: number };

/** Nobody knows whether the batch is in the log: a timeout, a disconnect, or any error that does not rule it out. */
export type LedgerIndeterminate = { t: "indeterminate"; p: number; s: number; n: number; why: string; at_ms: number };

/** The broker refused the batch for good: it is certain that no record of this attempt is in the log. */
export type LedgerFailed = { t: "failed"; p: number; s: number; n: number; why: string; at_ms: number };

/** The producer ended in order: every batch before has its outcome. */
export type LedgerClose = { t: "close"; at_ms: number };

export function encodeLedger(record: LedgerRecord): string {
  return encodeLine(record);
}

const KINDS: ReadonlySet<unknown> = new Set(["open", "attempt", "ack", "indeterminate", "failed", "close"]);

/** @returns the record, or undefined for a damaged line. */
export function decodeLedger(line: string): LedgerRecord | undefined {
  const record = decodeLine(line) as LedgerRecord | undefined;
  return record !== undefined && KINDS.has(record.t) ? record : undefined;
}
