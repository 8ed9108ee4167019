import { LogReader } from "./log-line.ts";

/**
 * The run ledger: everything that the producer knows, as NDJSON (see docs/ledger-format.md). An `attempt` is on disk before its send.
 * An attempt without an outcome is indeterminate.
 */
export type LedgerRecord = LedgerOpen | LedgerAttempt | LedgerAck | LedgerIndeterminate | LedgerFailed | LedgerClose;

/**
 * A producer process began to write: the first line, and one for each restart. Only pid, acks and at_ms may differ between the `open` lines of
 * a run. `acks`: how many acknowledgements its sends ask for, in Kafka's words; -1 is all replicas in sync. Older producers don't say.
 */
export type LedgerOpen = {
  t: "open";
  version: typeof LEDGER_VERSION;
  run: number;
  seed: number;
  malformed_ppm: number;
  pipeline: string;
  pipeline_sha256: string;
  topic: string;
  partitions: number;
  pid: number;
  acks?: number;
  at_ms: number;
};

/**
 * The producer is about to send sequences [s, s + n) of partition p, for the a-th time (from 1). The events were created between first_ms and
 * last_ms (see createdMsOf). The same s always has the same n, first_ms and last_ms.
 */
export type LedgerAttempt = {
  t: "attempt";
  p: number;
  s: number;
  n: number;
  first_ms: number;
  last_ms: number;
  a: number;
  at_ms: number;
};

/** Kafka acknowledged the batch with acks=all; its records have offsets [o, o + n). */
export type LedgerAck = { t: "ack"; p: number; s: number; n: number; o: number; at_ms: number };

/** Nobody knows whether the batch is in the log, after a timeout, a disconnect, or any error that does not exclude it. */
export type LedgerIndeterminate = { t: "indeterminate"; p: number; s: number; n: number; why: string; at_ms: number };

/** The broker refused the batch: it is certain that no record of this attempt is in the log. */
export type LedgerFailed = { t: "failed"; p: number; s: number; n: number; why: string; at_ms: number };

/**
 * The producer ended in order: every batch before this line has its outcome. With the totals of the whole file before this line: `lines`,
 * `attempts` and `indeterminate` count lines, `acknowledged` and `failed` count events.
 */
export type LedgerClose = {
  t: "close";
  lines: number;
  attempts: number;
  acknowledged: number;
  failed: number;
  indeterminate: number;
  at_ms: number;
};

/** The version that this build writes and reads. */
export const LEDGER_VERSION = 2;

/** Member → type, for each kind of line: integers below 2^53, or texts. */
const MEMBERS: Record<LedgerRecord["t"], Record<string, "integer" | "text">> = {
  open: {
    version: "integer",
    run: "integer",
    seed: "integer",
    malformed_ppm: "integer",
    pipeline: "text",
    pipeline_sha256: "text",
    topic: "text",
    partitions: "integer",
    pid: "integer",
    at_ms: "integer",
  },
  attempt: {
    p: "integer",
    s: "integer",
    n: "integer",
    first_ms: "integer",
    last_ms: "integer",
    a: "integer",
    at_ms: "integer",
  },
  ack: { p: "integer", s: "integer", n: "integer", o: "integer", at_ms: "integer" },
  indeterminate: { p: "integer", s: "integer", n: "integer", why: "text", at_ms: "integer" },
  failed: { p: "integer", s: "integer", n: "integer", why: "text", at_ms: "integer" },
  close: {
    lines: "integer",
    attempts: "integer",
    acknowledged: "integer",
    failed: "integer",
    indeterminate: "integer",
    at_ms: "integer",
  },
};

/** @returns a reader of one ledger's lines. @param crc of the line before the first that it will read; default: there is none. */
export function ledgerReader(crc = 0): LogReader<LedgerRecord> {
  return new LogReader(LEDGER_VERSION, (value) => (isLedgerRecord(value) ? value : undefined), crc);
}

/** By hand, because a ledger has millions of lines and a schema library costs more than reading them. */
function isLedgerRecord(value: unknown): value is LedgerRecord {
  if (typeof value !== "object" || value === null) return false;
  const record = value as Record<string, unknown>;
  const members = Object.hasOwn(MEMBERS, record["t"] as string) ? MEMBERS[record["t"] as LedgerRecord["t"]] : undefined;
  if (members === undefined || (record["t"] === "open" && record["version"] !== LEDGER_VERSION)) return false;
  for (const name in members)
    if (members[name] === "text" ? typeof record[name] !== "string" : !Number.isSafeInteger(record[name])) return false;
  return record["acks"] === undefined || Number.isSafeInteger(record["acks"]);
}
