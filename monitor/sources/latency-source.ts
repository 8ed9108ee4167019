import { eventNumber } from "../../contract/event.ts";
import type { PostgresConnection } from "./postgres-connection.ts";

/** Percentiles and the highest latency over `rows` rows; null if there were none. `highest`: the last event of each partition that the answer covers, for accept(). */
export type LatencyState = {
  p50Ms: number | null;
  p99Ms: number | null;
  maxMs: number | null;
  rows: number;
  highest: number[];
};

/** Names from a pipeline file (identifiers that need no quotes), and the run's number. */
export type LatencyTarget = {
  table: string;
  run: number;
  runColumn: string;
  eventColumn: string;
  createdColumn: string;
  partitions: number;
};

const MAXIMUM_ROWS = 2_000;

/** Each partition's highest event, from the end of the primary key: one index descent per partition. */
function highestQuery({ table, runColumn, eventColumn }: LatencyTarget): string {
  return `SELECT lane.partition::int, (SELECT max(${eventColumn}) FROM ${table}
      WHERE ${runColumn} = $1 AND ${eventColumn} >= lane.low AND ${eventColumn} < lane.high) AS highest
    FROM unnest($2::int[], $3::bigint[], $4::bigint[]) AS lane(partition, low, high)`;
}

/** Every stride-th event of each partition's new range, each found by its primary key. */
function latencyQuery({ table, runColumn, eventColumn, createdColumn }: LatencyTarget): string {
  return `WITH picked AS MATERIALIZED (
      SELECT event FROM unnest($2::bigint[], $3::bigint[], $4::bigint[]) AS lane(first, last, stride),
        generate_series(lane.first, lane.last, lane.stride) AS event
    ), measured AS MATERIALIZED (
      SELECT extract(epoch FROM pg_xact_commit_timestamp(stored.xmin) - stored.${createdColumn}) * 1000 AS ms
      FROM picked, LATERAL (SELECT xmin, ${createdColumn} FROM ${table} WHERE ${runColumn} = $1 AND ${eventColumn} = picked.event OFFSET 0) AS stored
    )
    SELECT count(ms)::int AS rows, percentile_disc(0.5) WITHIN GROUP (ORDER BY ms)::float8 AS p50, percentile_disc(0.99) WITHIN GROUP (ORDER BY ms)::float8 AS p99,
      max(ms)::float8 AS highest
    FROM measured`;
}

/**
 * Latency from an event's creation to its row's commit, over the rows stored since the last question.
 *
 * How: PostgreSQL keeps the time of each transaction's commit when `track_commit_timestamp` is on, and `pg_xact_commit_timestamp(xmin)` gives it
 * for a row; latency = that - the event's creation time, both from clocks of one machine. The rows are those above each partition's highest
 * event of the last question; at most 2,000 of them are looked up, evenly spaced, so the cost does not grow with the rate.
 *
 * Not included: PostgreSQL takes the commit's time just before it flushes the commit record (RecordTransactionCommit in xact.c), so
 * one flush of the log, the last step to durability, is not in it. Nor are rows that arrive below the highest event (a batch that was sent again).
 */
export class LatencySource {
  readonly #connection: PostgresConnection;
  readonly #target: LatencyTarget;
  /** Per partition, the highest event that is done with, or that existed at the first question. */
  #highest: number[] | undefined;
  #tracked = false;

  constructor(connection: PostgresConnection, target: LatencyTarget) {
    this.#connection = connection;
    this.#target = target;
  }

  /**
   * The first question only finds the start. Until an answer is accepted, the next question covers its rows again, so that no row is lost if
   * an answer came too late for its sample.
   * @throws pg's errors, and an Error if track_commit_timestamp is off.
   */
  async ask(): Promise<LatencyState> {
    await this.#checkTracking();
    const partitions = Array.from({ length: this.#target.partitions }, (_, partition) => partition);
    const lows = partitions.map((partition) => eventNumber(partition, 0));
    const highs = partitions.map((partition) => eventNumber(partition + 1, 0));
    const found = await this.#connection.query<{ partition: number; highest: string | null }>(
      highestQuery(this.#target),
      [this.#target.run, partitions, lows, highs],
    );
    const highest = lows.map((low) => low - 1);
    for (const row of found) if (row.highest !== null) highest[row.partition] = Number(row.highest);
    this.#highest ??= highest;
    return this.#measure(this.#highest, highest);
  }

  /** Call this when the answer was written down: the next question begins after its rows. */
  accept(answer: LatencyState): void {
    this.#highest = answer.highest;
  }

  async #measure(before: number[], highest: number[]): Promise<LatencyState> {
    const lanes = highest
      .map((last, partition) => ({ first: (before[partition] ?? last) + 1, last }))
      .filter((lane) => lane.first <= lane.last);
    if (lanes.length === 0) return { p50Ms: null, p99Ms: null, maxMs: null, rows: 0, highest };
    const total = lanes.reduce((sum, lane) => sum + lane.last - lane.first + 1, 0);
    const stride = Math.max(1, Math.ceil(total / (MAXIMUM_ROWS - lanes.length)));
    const values = [
      this.#target.run,
      lanes.map((lane) => lane.first),
      lanes.map((lane) => lane.last),
      lanes.map(() => stride),
    ];
    type Measured = { rows: number; p50: number | null; p99: number | null; highest: number | null };
    const [row] = await this.#connection.query<Measured>(latencyQuery(this.#target), values);
    return {
      p50Ms: rounded(row?.p50),
      p99Ms: rounded(row?.p99),
      maxMs: rounded(row?.highest),
      rows: row?.rows ?? 0,
      highest,
    };
  }

  async #checkTracking(): Promise<void> {
    if (this.#tracked) return;
    const [row] = await this.#connection.query<{ track: string }>(
      "SELECT current_setting('track_commit_timestamp') AS track",
      [],
    );
    if (row?.track !== "on")
      throw new Error("PostgreSQL runs with track_commit_timestamp = off, so commit times are unknown");
    this.#tracked = true;
  }
}

function rounded(value: number | null | undefined): number | null {
  return value === null || value === undefined ? null : Math.round(value);
}
