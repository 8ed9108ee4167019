import { eventNumber, eventPlace } from "../../contract/event.ts";
import type { Pipeline } from "../../contract/pipeline.ts";
import type { SinkSession } from "./sink-link.ts";

/** Rows and dead letters of a partition, counted. */
export type Counted = { rows: number; letters: number };
/** Up to where: the sequence and the offset behind the last one that was counted. */
type Mark = Counted & { sequence: number; offset: number };
type CountRow = { partition: number; count: string; highest: string | null };
const NOTHING: Mark = { rows: 0, letters: 0, sequence: 0, offset: 0 };

/** Counts a partition's rows and dead letters: only what lies behind the last snapshot in which all agreed. */
export class RowCounts {
  readonly #pipeline: Pipeline;
  readonly #topic: string;
  readonly #run: number;
  #kept = new Map<number, Mark>();
  #last = new Map<number, Mark>();

  constructor(pipeline: Pipeline, topic: string, run: number) {
    this.#pipeline = pipeline;
    this.#topic = topic;
    this.#run = run;
  }

  /**
   * Counts within a snapshot. If that does not agree, counts everything again: a row may have come below the last mark.
   * @returns by partition.
   */
  async read(
    session: SinkSession,
    isRight: (counted: ReadonlyMap<number, Counted>) => boolean,
  ): Promise<ReadonlyMap<number, Counted>> {
    this.#last = await this.#count(session, this.#kept);
    if (!isRight(this.#last) && this.#kept.size > 0) this.#last = await this.#count(session, new Map());
    return this.#last;
  }

  /** The next count goes on behind the last one. */
  keep(): void {
    this.#kept = this.#last;
  }

  async #count({ client, name }: SinkSession, from: ReadonlyMap<number, Mark>): Promise<Map<number, Mark>> {
    const { table, identity, partitions } = this.#pipeline;
    const lanes = Array.from({ length: partitions }, (_, partition) => partition);
    const mark = (partition: number) => from.get(partition) ?? NOTHING;
    const [run, event] = [`"${identity.run}"`, `"${identity.event}"`];
    const rows = await client.query<CountRow>(
      `SELECT lane.partition::int, found.count, found.highest
       FROM unnest($2::int[], $3::bigint[], $4::bigint[]) AS lane(partition, low, high)
       CROSS JOIN LATERAL (SELECT count(*), max(${event}) AS highest FROM ${name(table)}
         WHERE ${run} = $1 AND ${event} >= lane.low AND ${event} < lane.high) AS found`,
      [
        this.#run,
        lanes,
        lanes.map((partition) => eventNumber(partition, mark(partition).sequence)),
        lanes.map((partition) => eventNumber(partition + 1, 0)),
      ],
    );
    const letters = await client.query<CountRow>(
      `SELECT lane.partition::int, found.count, found.highest
       FROM unnest($3::int[], $4::bigint[]) AS lane(partition, low)
       CROSS JOIN LATERAL (SELECT count(*), max("offset") AS highest FROM ${name("dead_letters")} AS letter
         WHERE target = $1 AND topic = $2 AND letter.partition = lane.partition AND "offset" >= lane.low) AS found`,
      [table, this.#topic, lanes, lanes.map((partition) => mark(partition).offset)],
    );
    const counted = new Map(lanes.map((partition) => [partition, { ...mark(partition) }]));
    for (const { partition, count, highest } of rows.rows) {
      const item = counted.get(partition);
      if (item === undefined || highest === null) continue;
      item.rows += Number(count);
      item.sequence = (eventPlace(Number(highest))?.sequence ?? 0) + 1;
    }
    for (const { partition, count, highest } of letters.rows) {
      const item = counted.get(partition);
      if (item === undefined || highest === null) continue;
      item.letters += Number(count);
      item.offset = Number(highest) + 1;
    }
    return counted;
  }
}
