import { decodeLedger, type LedgerAck, type LedgerAttempt, type LedgerRecord } from "../contract/ledger.ts";
import { logLines } from "./log-lines.ts";

/** One partition's acknowledgements in columns (24 bytes each, so that a long run fits in memory); entry i of each column is one batch. */
export type LaneHistory = {
  /** When the producer had the acknowledgement. Not decreasing. */
  ackedMs: number[];
  /** Creation time of the batch's first event; NaN when the batch's attempt is not in the ledger. */
  createdMs: number[];
  /** Offset of the batch's first record. */
  offsets: number[];
  firstAttemptMs: number;
  /** The last attempt is not settled: neither acknowledged nor refused. */
  outstanding: boolean;
};

/** What the ledger tells of times. Counts are events. */
export type LedgerHistory = {
  lanes: Map<number, LaneHistory>;
  openedMs: number;
  lastMs: number;
  /** The last record says that the producer ended in order. */
  closed: boolean;
  topic: string;
  partitions: number;
  attempted: number;
  acknowledged: number;
  /** Producer processes that wrote the ledger. */
  starts: number;
  damaged: number;
};

/**
 * Reads `ledger.ndjson`, line by line.
 * @returns undefined when the file has no record at all.
 * @throws ENOENT and the other errors of reading a file.
 */
export async function readLedgerHistory(path: string): Promise<LedgerHistory | undefined> {
  const builder = new LedgerHistoryBuilder();
  for await (const lines of logLines(path)) {
    for (const line of lines) {
      const record = decodeLedger(line);
      if (record !== undefined) builder.add(record);
      else if (line !== "") builder.history.damaged += 1;
    }
  }
  return builder.history.lastMs < 0 ? undefined : builder.history;
}

/** Folds ledger records, in the order of the file, into a history. */
export class LedgerHistoryBuilder {
  readonly history: LedgerHistory = {
    lanes: new Map(),
    openedMs: -1,
    lastMs: -1,
    closed: false,
    topic: "",
    partitions: 0,
    attempted: 0,
    acknowledged: 0,
    starts: 0,
    damaged: 0,
  };
  /** A lane has one batch in flight, so the last attempt is the one that an acknowledgement is about. */
  readonly #attempts = new Map<number, LedgerAttempt>();

  add(record: LedgerRecord): void {
    const { history } = this;
    if (history.openedMs < 0) history.openedMs = record.at_ms;
    history.lastMs = Math.max(history.lastMs, record.at_ms);
    history.closed = record.t === "close";
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
    this.#lane(record.p, record.at_ms).outstanding = true;
  }

  #addAck(record: LedgerAck): void {
    const lane = this.#lane(record.p, record.at_ms);
    const attempt = this.#attempts.get(record.p);
    lane.ackedMs.push(record.at_ms);
    lane.createdMs.push(attempt?.s === record.s ? attempt.first_ms : Number.NaN);
    lane.offsets.push(record.o);
    lane.outstanding = false;
    this.history.acknowledged += record.n;
  }

  #lane(partition: number, atMs: number): LaneHistory {
    let lane = this.history.lanes.get(partition);
    if (lane === undefined) {
      lane = { ackedMs: [], createdMs: [], offsets: [], firstAttemptMs: atMs, outstanding: false };
      this.history.lanes.set(partition, lane);
    }
    return lane;
  }
}
