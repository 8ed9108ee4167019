import { escapeIdentifier } from "pg";
import type { CommitRange } from "../../contract/commits.ts";
import { eventNumber, eventPlace } from "../../contract/event.ts";
import type { Pipeline } from "../../contract/pipeline.ts";
import type { SinkSession } from "../witness/sink-link.ts";
import type { SequenceRange } from "./commits-log.ts";
import type { CommitWindow } from "./fault-window.ts";

/** PostgreSQL keeps a commit's time in microseconds. extract() gives them exactly: it is numeric. */
const COMMITTED_US = (xmin: string) => `(extract(epoch FROM pg_xact_commit_timestamp(${xmin})) * 1000000)::bigint`;

type First = { place: number; event: string; committed_us: string | null };
type Search = { partition: number; fromUs: number; low: number; high: number };
type Group = { first: string; last: string; rows: number; committed_us: string | null };

/** Reads when rows were committed, by ranges of the primary key. A partition's rows are stored in the order of their sequences. */
export class CommitReader {
  readonly #pipeline: Pipeline;
  readonly #run: number;

  constructor(pipeline: Pipeline, run: number) {
    this.#pipeline = pipeline;
    this.#run = run;
  }

  /** Whether PostgreSQL keeps commit times. @throws pg's errors. */
  async isTracked({ client }: SinkSession): Promise<boolean> {
    const { rows } = await client.query<{ track: string }>("SELECT current_setting('track_commit_timestamp') AS track");
    return rows[0]?.track === "on";
  }

  /**
   * Finds the sequences that were committed in a window, by bisection: each step is one descent of the primary key per partition.
   * @returns by partition. @throws pg's errors.
   */
  async rangesOf(session: SinkSession, { fromMs, toMs }: CommitWindow): Promise<SequenceRange[]> {
    const ends = await this.#ends(session);
    const searches = [fromMs, toMs].flatMap((ms) =>
      ends.map((high, partition) => ({ partition, fromUs: Math.round(ms * 1000), low: 0, high })),
    );
    for (;;) {
      const open = searches.filter(({ low, high }) => low < high);
      if (open.length === 0) break;
      await this.#halve(session, open);
    }
    return ends.map((_end, partition) => ({
      from: (searches[partition] as Search).low,
      to: (searches[ends.length + partition] as Search).low,
    }));
  }

  /** @returns the commits of a range, one for each transaction that has rows there, in order. @throws pg's errors. */
  async read({ client, name }: SinkSession, partition: number, { from, to }: SequenceRange): Promise<CommitRange[]> {
    const { run, event } = this.#columns();
    const { rows } = await client.query<Group>(
      `SELECT min(${event}) AS first, max(${event}) AS last, count(*)::int AS rows, ${COMMITTED_US("xmin")} AS committed_us
       FROM ${name(this.#pipeline.table)} WHERE ${run} = $1 AND ${event} >= $2 AND ${event} < $3 GROUP BY xmin ORDER BY first`,
      [this.#run, eventNumber(partition, from), eventNumber(partition, to)],
    );
    return rows.flatMap(({ first, last, rows: count, committed_us: us }) =>
      // A row of a time when commit times were not kept.
      us === null
        ? []
        : {
            t: "commit",
            partition,
            from_sequence: sequenceOf(first),
            to_sequence: sequenceOf(last) + 1,
            rows: count,
            committed_us: Number(us),
          },
    );
  }

  /** By partition, the sequence behind the last row. */
  async #ends(session: SinkSession): Promise<number[]> {
    const lanes = Array.from({ length: this.#pipeline.partitions }, (_, partition) => ({
      partition,
      low: 0,
      high: undefined,
    }));
    const found = await this.#firsts(session, lanes, "DESC");
    return found.map((row) => (row === undefined ? 0 : sequenceOf(row.event) + 1));
  }

  /** One step of each search: `low` ends as the first sequence from which on all rows were committed at `fromUs` or later. */
  async #halve(session: SinkSession, searches: readonly Search[]): Promise<void> {
    const middles = searches.map(({ partition, low, high }) => ({
      partition,
      low: Math.floor((low + high) / 2),
      high,
    }));
    const found = await this.#firsts(session, middles, "ASC");
    for (const [index, search] of searches.entries()) {
      const row = found[index];
      if (row !== undefined && Number(row.committed_us ?? 0) < search.fromUs) search.low = sequenceOf(row.event) + 1;
      else search.high = (middles[index] as { low: number }).low;
    }
  }

  /** @returns for each range [low, high) of a partition its first or last row; undefined: it has none. `high` undefined: without an end. */
  async #firsts(
    { client, name }: SinkSession,
    ranges: readonly { partition: number; low: number; high: number | undefined }[],
    order: "ASC" | "DESC",
  ): Promise<(First | undefined)[]> {
    const { run, event } = this.#columns();
    const { rows } = await client.query<First>(
      `SELECT asked.place::int, found.event, ${COMMITTED_US("found.xmin")} AS committed_us
       FROM unnest($2::int[], $3::bigint[], $4::bigint[]) AS asked(place, low, high)
       CROSS JOIN LATERAL (SELECT ${event} AS event, xmin FROM ${name(this.#pipeline.table)}
         WHERE ${run} = $1 AND ${event} >= asked.low AND ${event} < asked.high ORDER BY ${run} ${order}, ${event} ${order} LIMIT 1) AS found`,
      [
        this.#run,
        [...ranges.keys()],
        ranges.map(({ partition, low }) => eventNumber(partition, low)),
        ranges.map(({ partition, high }) =>
          high === undefined ? eventNumber(partition + 1, 0) : eventNumber(partition, high),
        ),
      ],
    );
    const found: (First | undefined)[] = ranges.map(() => undefined);
    for (const row of rows) found[row.place] = row;
    return found;
  }

  #columns(): { run: string; event: string } {
    const { run, event } = this.#pipeline.identity;
    return { run: escapeIdentifier(run), event: escapeIdentifier(event) };
  }
}

/** Of an event number as pg has it. */
function sequenceOf(event: string): number {
  return eventPlace(Number(event))?.sequence ?? 0;
}
