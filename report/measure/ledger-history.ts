import { type LedgerAck, type LedgerAttempt, ledgerReader, type LedgerRecord } from "../../contract/ledger.ts";
import { readRecords, type Unreadable } from "./log-lines.ts";
import type { Span } from "./success-gap.ts";

/** One partition's acknowledgements in columns (48 bytes each, so that a long run fits in memory); entry i of each column is one batch. */
export type LaneHistory = {
  /** When the producer read the acknowledgement. Not decreasing. */
  ackedMs: number[];
  /** Creation times of the batch's first and last event; NaN when the batch's attempt is not in the ledger. */
  createdMs: number[];
  lastCreatedMs: number[];
  /** Of the batch's first event; and how many events it has. */
  sequences: number[];
  counts: number[];
  /** Offset of the batch's first record. */
  offsets: number[];
  /** Places of batches that were sent more than once: an earlier attempt may be in the log at a lower offset. */
  retried: Set<number>;
  firstAttemptMs: number;
  /** Orderly ends of the producer: from the last acknowledgement before it to the lane's next attempt. */
  pauses: Span[];
  /** The last attempt is not settled: neither acknowledged nor refused. */
  outstanding: boolean;
};

/** The times in a ledger. Counts are events. */
export type LedgerHistory = {
  lanes: Map<number, LaneHistory>;
  openedMs: number;
  lastMs: number;
  /** The last record is `close`: the producer ended in order. */
  closed: boolean;
  /** When the producer ended in order, each time. */
  closesMs: number[];
  /** From each orderly end to the next attempt, if there was one. */
  pauses: Span[];
  topic: string;
  partitions: number;
  attempted: number;
  acknowledged: number;
  /** Producer processes that wrote the ledger. */
  starts: number;
  unreadable: Unreadable;
};

/**
 * Reads `ledger.ndjson`, line by line.
 * @returns undefined when the file has no line at all.
 * @throws Error when no line of it can be read; ENOENT and the other errors of reading a file.
 */
export async function readLedgerHistory(path: string): Promise<LedgerHistory | undefined> {
  const builder = new LedgerHistoryBuilder();
  const reader = ledgerReader();
  builder.history.unreadable = await readRecords(
    path,
    (line) => reader.read(line),
    (record) => builder.add(record),
  );
  if (builder.history.lastMs >= 0) return builder.history;
  const [why] = builder.history.unreadable.why;
  if (why !== undefined) throw new Error(why);
  return undefined;
}

/** Folds ledger records, in the order of the file, into a history. */
export class LedgerHistoryBuilder {
  readonly history: LedgerHistory = {
    lanes: new Map(),
    openedMs: -1,
    lastMs: -1,
    closed: false,
    closesMs: [],
    pauses: [],
    topic: "",
    partitions: 0,
    attempted: 0,
    acknowledged: 0,
    starts: 0,
    unreadable: { count: 0, why: [] },
  };
  /** A lane has one batch in flight, so the last attempt is the one that an acknowledgement is about. */
  readonly #attempts = new Map<number, LedgerAttempt>();

  add(record: LedgerRecord): void {
    const { history } = this;
    if (history.openedMs < 0) history.openedMs = record.at_ms;
    history.lastMs = Math.max(history.lastMs, record.at_ms);
    history.closed = record.t === "close";
    if (record.t === "close") history.closesMs.push(record.at_ms);
    if (record.t === "open") {
      history.starts += 1;
      history.topic = record.topic;
      history.partitions = record.partitions;
    } else if (record.t === "attempt") this.#addAttempt(record);
    else if (record.t === "ack") this.#addAck(record);
    else if (record.t === "failed") this.#lane(record.p, record.at_ms).outstanding = false;
  }

  #addAttempt(record: LedgerAttempt): void {
    this.#attempts.set(record.p, record);
    if (record.a === 1) this.history.attempted += record.n;
    const lane = this.#lane(record.p, record.at_ms);
    lane.outstanding = true;
    const { closesMs, pauses } = this.history;
    const closedMs = closesMs.at(-1);
    if (closedMs !== undefined && pauses.length < closesMs.length)
      pauses.push({ fromMs: closedMs, toMs: record.at_ms });
    const lastMs = lane.ackedMs.at(-1);
    if (
      closedMs !== undefined &&
      lastMs !== undefined &&
      lastMs <= closedMs &&
      (lane.pauses.at(-1)?.fromMs ?? -1) < lastMs
    )
      lane.pauses.push({ fromMs: lastMs, toMs: record.at_ms });
  }

  #addAck(record: LedgerAck): void {
    const lane = this.#lane(record.p, record.at_ms);
    const attempt = this.#attempts.get(record.p);
    lane.ackedMs.push(record.at_ms);
    const known = attempt?.s === record.s ? attempt : undefined;
    if (known !== undefined && known.a > 1) lane.retried.add(lane.ackedMs.length - 1);
    lane.createdMs.push(known?.first_ms ?? Number.NaN);
    lane.lastCreatedMs.push(known?.last_ms ?? Number.NaN);
    lane.sequences.push(record.s);
    lane.counts.push(record.n);
    lane.offsets.push(record.o);
    lane.outstanding = false;
    this.history.acknowledged += record.n;
  }

  #lane(partition: number, atMs: number): LaneHistory {
    let lane = this.history.lanes.get(partition);
    if (lane === undefined) {
      lane = {
        ackedMs: [],
        createdMs: [],
        lastCreatedMs: [],
        sequences: [],
        counts: [],
        offsets: [],
        retried: new Set(),
        firstAttemptMs: atMs,
        pauses: [],
        outstanding: false,
      };
      this.history.lanes.set(partition, lane);
    }
    return lane;
  }
}
