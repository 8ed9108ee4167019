import type { Aggregate, Pipeline } from "../../contract/pipeline.ts";
import type { PostgresLogin } from "../../contract/stack.ts";
import { type Counted, RowCounts } from "./row-counts.ts";
import type { SinkSession } from "./sink-link.ts";
import { SinkLink } from "./sink-link.ts";
import type { WitnessLog } from "./witness-log.ts";

/** Views may take this part of the time; what takes longer than the limit is left out for a while. */
const VIEW_SHARE = 0.05;
const VIEW_LIMIT_MS = 1_000;
const LEFT_OUT_MS = 60_000;
const QUERY_CANCELED = "57014";
const CANCELLED = "cancelled";
/** What is the same as before is told again only so often: a longer time without a line is one in which nobody looked. */
const SAME_EVERY_MS = 8_000;

type OffsetsRow = Record<"start_offset" | "next_offset" | "rows" | "duplicates" | "dead_letters", string> & {
  partition: number;
};
type Counters = { partition: number; start: number; next: number; rows: number; duplicates: number; letters: number };

/** Writes `totals` lines: whether counters, rows, dead letters and aggregates agree in one snapshot. Before the sink's first claim all are 0. */
export class TotalsWatch {
  readonly #link: SinkLink;
  readonly #pipeline: Pipeline;
  readonly #topic: string;
  readonly #log: WitnessLog;
  readonly #counts: RowCounts;
  /** By table: when its view may be asked again. */
  readonly #viewAtMs = new Map<string, number>();
  /** Partitions that have had a line of sink_offsets. */
  readonly #claimed = new Set<number>();
  #told = { text: "", atMs: 0 };

  constructor(
    { pipeline, topic, run, postgres }: { pipeline: Pipeline; topic: string; run: number; postgres: PostgresLogin },
    log: WitnessLog,
  ) {
    this.#pipeline = pipeline;
    this.#topic = topic;
    this.#link = new SinkLink(postgres, pipeline.table, "faultline-witness-totals");
    this.#log = log;
    this.#counts = new RowCounts(pipeline, topic, run);
  }

  /** One snapshot. @throws pg's errors. */
  async round(): Promise<void> {
    const atMs = Date.now();
    const problems: string[] = [];
    const aggregates: Record<string, number | null> = {};
    const seen = await this.#link.snapshot(async (session) => {
      const counters = await this.#counters(session);
      const counted = await this.#counts.read(session, (all) => counters.every((item) => isSame(at(all, item), item)));
      problems.push(
        ...this.#missing(counters),
        ...counters.flatMap((item) => counterProblems(item, at(counted, item))),
      );
      const rows = counters.reduce((sum, item) => sum + item.rows, 0);
      let isCancelled = false;
      for (const spec of this.#pipeline.aggregates) {
        const events: number | null | typeof CANCELLED = isCancelled ? null : await this.#viewEvents(session, spec);
        isCancelled ||= events === CANCELLED;
        aggregates[spec.table] = events === CANCELLED ? null : events;
        if (typeof events === "number" && events !== rows)
          problems.push(`${spec.table}_total has ${events} events, but sink_offsets ${rows} rows`);
      }
      return { counters, counted, timeline: session.timeline };
    });
    const sum = (figure: (item: Counters) => number) => seen.counters.reduce((total, item) => total + figure(item), 0);
    if (problems.length === 0) this.#counts.keep();
    const totals = {
      t: "totals" as const,
      next_offset: sum(({ next }) => next),
      rows: sum(({ rows }) => rows),
      counted_rows: sum((item) => at(seen.counted, item).rows),
      dead_letters: sum(({ letters }) => letters),
      counted_dead_letters: sum((item) => at(seen.counted, item).letters),
      aggregates,
      agree: problems.length === 0,
      problems: problems.slice(0, 20),
      ...(seen.timeline !== undefined && { timeline: seen.timeline }),
    };
    const text = JSON.stringify(totals);
    if (text === this.#told.text && atMs - this.#told.atMs < SAME_EVERY_MS) return;
    await this.#log.append([{ ...totals, at_ms: atMs }]);
    this.#told = { text, atMs };
  }

  close(): void {
    this.#link.close();
  }

  async #counters({ client, name }: SinkSession): Promise<Counters[]> {
    const { rows } = await client.query<OffsetsRow>(
      `SELECT partition, start_offset, next_offset, rows, duplicates, dead_letters FROM ${name("sink_offsets")}
       WHERE target = $1 AND topic = $2 AND partition >= 0 AND partition < $3 ORDER BY partition`,
      [this.#pipeline.table, this.#topic, this.#pipeline.partitions],
    );
    return rows.map((row) => ({
      partition: row.partition,
      start: Number(row.start_offset),
      next: Number(row.next_offset),
      rows: Number(row.rows),
      duplicates: Number(row.duplicates),
      letters: Number(row.dead_letters),
    }));
  }

  #missing(counters: readonly Counters[]): string[] {
    const there = new Set(counters.map(({ partition }) => partition));
    for (const partition of there) this.#claimed.add(partition);
    return [...this.#claimed]
      .filter((partition) => !there.has(partition))
      .map((partition) => `p${partition}: its line of sink_offsets is gone`);
  }

  /** @returns the events that a view comes to; null: asking costs too much now; CANCELLED: it took too long, and the snapshot is over. */
  async #viewEvents({ client, name }: SinkSession, spec: Aggregate): Promise<number | null | typeof CANCELLED> {
    const beganMs = Date.now();
    if (beganMs < (this.#viewAtMs.get(spec.table) ?? 0)) return null;
    await client.query(`SET LOCAL statement_timeout = ${VIEW_LIMIT_MS}`);
    let answer: { rows: { events: string }[] };
    try {
      answer = await client.query<{ events: string }>(
        `SELECT coalesce(sum("${spec.count}"), 0)::bigint AS events FROM ${name(`${spec.table}_total`)}`,
      );
    } catch (error) {
      if ((error as { code?: string }).code !== QUERY_CANCELED) throw error;
      this.#viewAtMs.set(spec.table, Date.now() + LEFT_OUT_MS);
      return CANCELLED;
    }
    const tookMs = Date.now() - beganMs;
    this.#viewAtMs.set(spec.table, Date.now() + tookMs / VIEW_SHARE);
    return Number(answer.rows[0]?.events);
  }
}

function isSame(counted: Counted, { rows, letters }: Counters): boolean {
  return counted.rows === rows && counted.letters === letters;
}

function at<T>(counted: ReadonlyMap<number, T>, { partition }: { partition: number }): T {
  return counted.get(partition) as T;
}

function counterProblems({ partition, start, next, rows, duplicates, letters }: Counters, counted: Counted): string[] {
  const problems: string[] = [];
  const sum = rows + duplicates + letters;
  if (next - start !== sum)
    problems.push(
      `p${partition}: next_offset ${next} - start_offset ${start} = ${next - start}, but rows ${rows} + duplicates ${duplicates} + dead letters ${letters} = ${sum}`,
    );
  if (counted.rows !== rows) problems.push(`p${partition}: ${counted.rows} rows, but sink_offsets says ${rows}`);
  if (counted.letters !== letters)
    problems.push(`p${partition}: ${counted.letters} dead letters, but sink_offsets says ${letters}`);
  return problems;
}
