import type { JournalRecord } from "../contract/journal.ts";
import type { LedgerRecord } from "../contract/ledger.ts";
import type { Sample } from "../contract/sample.ts";

/** Built histories for this room's tests. */

const ROUND_TRIP_MS = 5;

type Steady = {
  baseMs: number;
  lanes: number;
  durationMs: number;
  everyMs: number;
  batch: number;
  /** From `fromMs` on (after baseMs) the lane's batches wait for their acknowledgement until `toMs`. */
  silent: { lane: number; fromMs: number; toMs: number }[];
  close: boolean;
};

/** A producer that sends a batch per lane at each step, unless the one before still waits; ordered by time as a ledger is. */
export function history({ baseMs, lanes, durationMs, everyMs, batch, silent, close }: Steady): LedgerRecord[] {
  const records: LedgerRecord[] = [];
  for (let lane = 0; lane < lanes; lane++) {
    let sequence = 0;
    let freeMs = 0;
    for (let atMs = 0; atMs < durationMs; atMs += everyMs) {
      if (atMs < freeMs) continue;
      const silence = silent.find((stretch) => stretch.lane === lane && atMs >= stretch.fromMs && atMs < stretch.toMs);
      const ackMs = silence === undefined ? atMs + ROUND_TRIP_MS : silence.toMs;
      const place = { p: lane, s: sequence, n: batch };
      records.push({ t: "attempt", ...place, first_ms: baseMs + atMs, last_ms: baseMs + atMs, a: 1, at_ms: baseMs + atMs });
      freeMs = ackMs;
      if (ackMs === Infinity) break;
      records.push({ t: "ack", ...place, o: sequence, at_ms: baseMs + ackMs });
      sequence += batch;
    }
  }
  records.sort((a, b) => a.at_ms - b.at_ms);
  const open: LedgerRecord = {
    t: "open",
    version: 1,
    run: 7,
    seed: 42,
    malformed_ppm: 0,
    pipeline: "payments",
    pipeline_sha256: "0".repeat(64),
    topic: "payments",
    partitions: lanes,
    pid: 1,
    at_ms: baseMs,
  };
  const last: LedgerRecord[] = close ? [{ t: "close", at_ms: Math.max(baseMs + durationMs, records.at(-1)?.at_ms ?? 0) }] : [];
  return [open, ...records, ...last];
}

type FaultTimes = {
  id: number;
  plannedMs: number;
  activeMs?: number | undefined;
  effective?: boolean;
  failed?: string;
  healedMs?: number;
  recoveredMs?: number;
};

/** One fault's journal records: a broker killed. */
export function fault({ id, plannedMs, activeMs, effective = true, failed, healedMs, recoveredMs }: FaultTimes): JournalRecord[] {
  const node = "kafka-2";
  const records: JournalRecord[] = [
    {
      t: "planned",
      id,
      fault: { id, at_ms: 0, kind: "kill", target: { node }, hold_ms: 6_000 },
      node,
      node_kind: "kafka",
      undo: { node, resume: [], release: true },
      at_ms: plannedMs,
    },
  ];
  if (failed !== undefined) records.push({ t: "failed", id, why: failed, at_ms: plannedMs + 1 });
  else if (activeMs !== undefined) records.push({ t: "active", id, kind: "kill", node, effective, proof: "its process 4711 is gone", at_ms: activeMs });
  if (healedMs !== undefined) records.push({ t: "healed", id, by: "engine", proof: "its process 4712 runs", at_ms: healedMs });
  if (recoveredMs !== undefined) records.push({ t: "recovered", id, node, at_ms: recoveredMs });
  return records;
}

/** A sample in which all is unknown but what is given. */
export function sampleAt(atMs: number, known: Partial<Sample>): Sample {
  return {
    at_ms: atMs,
    attempted: null,
    acknowledged: null,
    backlog: null,
    log_end: null,
    under_replicated: null,
    rows: null,
    dead_letters: null,
    duplicates: null,
    lag: null,
    latency_p50_ms: null,
    latency_p99_ms: null,
    next_offsets: null,
    faults: [],
    ...known,
  };
}
