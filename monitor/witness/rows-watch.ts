import { eventNumber, eventPlace } from "../../contract/event.ts";
import type { Pipeline } from "../../contract/pipeline.ts";
import { type RowRange, type RowsDigest, rowsDigestQuery, rowsDigestValues } from "../../contract/rows-digest.ts";
import type { PostgresLogin } from "../../contract/stack.ts";
import type { KnownRanges } from "./known-ranges.ts";
import type { OffsetsWatch } from "./offsets-watch.ts";
import type { SinkSession } from "./sink-link.ts";
import { SinkLink } from "./sink-link.ts";
import type { StoredSequences } from "./stored-sequences.ts";
import type { WitnessLog } from "./witness-log.ts";

/** Sequences of one range at most, and of all new ranges of one round. */
const MOST_OF_RANGE = 5_000;
const MOST_NEW = 30_000;
/** A range of fewer waits for more, but not longer than this. */
const ENOUGH = 500;
const MOST_WAIT_MS = 2_000;
/** What is read again in one round. */
const OLD = { ranges: 64, sequences: 10_000 };

type Highest = { partition: number; highest: string | null };

/** Writes `rows` lines: new ranges soon after they were stored. Older ones are read again, in a sweep over all, and have a line if they changed. One snapshot each round. */
export class RowsWatch {
  readonly #link: SinkLink;
  readonly #pipeline: Pipeline;
  readonly #run: number;
  readonly #log: WitnessLog;
  readonly #known: KnownRanges;
  readonly #offsets: OffsetsWatch;
  readonly #sequences: StoredSequences;
  /** By partition: when its last new range was read. */
  readonly #readMs = new Map<number, number>();
  /** The partition that comes first, so that each has its turn when there is too much for one round. */
  #first = 0;

  constructor(
    { pipeline, run, postgres }: { pipeline: Pipeline; run: number; postgres: PostgresLogin },
    log: WitnessLog,
    offsets: OffsetsWatch,
    sequences: StoredSequences,
  ) {
    this.#pipeline = pipeline;
    this.#run = run;
    this.#link = new SinkLink(postgres, pipeline.table, "faultline-witness-rows");
    this.#log = log;
    this.#known = log.past.ranges;
    this.#offsets = offsets;
    this.#sequences = sequences;
  }

  /** One snapshot. @throws pg's errors. */
  async round(): Promise<void> {
    const old = this.#known.pick(OLD);
    const atMs = Date.now();
    // Taken before the snapshot: the rows below it were committed before.
    const passed = this.#lanes().map((partition) =>
      this.#sequences.below(partition, this.#offsets.nextOffset(partition)),
    );
    const { ranges, found, timeline } = await this.#link.snapshot(async (session) => {
      const fresh = this.#fresh(await this.#highest(session), passed, atMs);
      const asked = [...fresh, ...old];
      const { timeline } = session;
      if (asked.length === 0) return { ranges: asked, found: [], timeline };
      const { rows } = await session.client.query<RowsDigest>(
        rowsDigestQuery(session.name(this.#pipeline.table), this.#pipeline),
        rowsDigestValues(this.#run, asked),
      );
      return { ranges: asked, found: rows, timeline };
    });
    await this.#log.append(
      found
        .toSorted((a, b) => a.place - b.place)
        .filter((item) => {
          const range = ranges[item.place] as RowRange;
          return this.#known.isNews(range, item, range.to <= (passed[range.partition] ?? 0));
        })
        .map(({ place, rows, digest }) => ({
          t: "rows",
          ...(ranges[place] as RowRange),
          rows,
          digest,
          ...(timeline !== undefined && { timeline }),
          at_ms: atMs,
        })),
    );
    for (const range of ranges) {
      if (range.to > this.#known.endOf(range.partition)) this.#readMs.set(range.partition, atMs);
      this.#known.add(range);
    }
  }

  close(): void {
    this.#link.close();
  }

  #lanes(): number[] {
    return Array.from({ length: this.#pipeline.partitions }, (_, partition) => partition);
  }

  /** @returns by partition, the sequence behind the highest that has a row: one descent of the primary key each. */
  async #highest({ client, name }: SinkSession): Promise<number[]> {
    const { run, event } = this.#pipeline.identity;
    const lanes = this.#lanes();
    const { rows } = await client.query<Highest>(
      `SELECT lane.partition::int, (SELECT max("${event}") FROM ${name(this.#pipeline.table)}
         WHERE "${run}" = $1 AND "${event}" >= lane.low AND "${event}" < lane.high) AS highest
       FROM unnest($2::int[], $3::bigint[], $4::bigint[]) AS lane(partition, low, high)`,
      [
        this.#run,
        lanes,
        lanes.map((partition) => eventNumber(partition, 0)),
        lanes.map((partition) => eventNumber(partition + 1, 0)),
      ],
    );
    const ends = lanes.map(() => 0);
    for (const { partition, highest } of rows)
      if (highest !== null) ends[partition] = (eventPlace(Number(highest))?.sequence ?? -1) + 1;
    return ends;
  }

  #fresh(highest: readonly number[], passed: readonly number[], atMs: number): RowRange[] {
    const ranges: RowRange[] = [];
    let left = MOST_NEW;
    const count = this.#pipeline.partitions;
    for (let index = 0; index < count && left > 0; index++) {
      const partition = (this.#first + index) % count;
      const end = Math.max(highest[partition] ?? 0, passed[partition] ?? 0);
      let from = this.#known.endOf(partition);
      if (end - from < ENOUGH && atMs - (this.#readMs.get(partition) ?? 0) < MOST_WAIT_MS) continue;
      for (; from < end && left > 0; from += MOST_OF_RANGE) {
        const to = Math.min(end, from + MOST_OF_RANGE, from + left);
        ranges.push({ partition, from, to });
        left -= to - from;
      }
    }
    this.#first = (this.#first + 1) % count;
    return ranges;
  }
}
