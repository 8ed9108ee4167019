import type { PostgresLogin } from "../../contract/stack.ts";
import type { Pipeline } from "../../contract/pipeline.ts";
import type { WitnessOf } from "../../contract/witness.ts";
import { SinkLink } from "./sink-link.ts";
import type { WitnessLog } from "./witness-log.ts";

type OffsetsRow = Record<"next_offset" | "generation" | "rows" | "duplicates" | "dead_letters", string> & {
  partition: number;
};

/**
 * Writes `offsets` lines: each partition's line of sink_offsets, whenever it is another than before. `after_ms` is when the last question began
 * whose answer was without the change: no answer came in between if the server was away, so the time of the commit stays as uncertain as it is.
 */
export class OffsetsWatch {
  readonly #link: SinkLink;
  readonly #pipeline: Pipeline;
  readonly #topic: string;
  readonly #log: WitnessLog;
  /** By partition: what was seen last, and when the question began that it answered. */
  readonly #last = new Map<number, { text: string; seenMs: number }>();
  readonly #nextOffsets = new Map<number, number>();

  constructor(
    { pipeline, topic, postgres }: { pipeline: Pipeline; topic: string; postgres: PostgresLogin },
    log: WitnessLog,
  ) {
    this.#pipeline = pipeline;
    this.#topic = topic;
    this.#link = new SinkLink(postgres, pipeline.table, "faultline-witness-offsets");
    this.#log = log;
  }

  /** The next_offset of a partition as it was seen last; 0: none yet. */
  nextOffset(partition: number): number {
    return this.#nextOffsets.get(partition) ?? 0;
  }

  /** One question. @throws pg's errors. */
  async round(): Promise<void> {
    const { rows, beganMs, timeline } = await this.#link.use(async ({ client, name, timeline }) => {
      // Behind the connection, which may have taken long.
      const beganMs = Date.now();
      const answer = await client.query<OffsetsRow>({
        // Named, so that the server plans it once: it comes 20 times a second.
        name: "offsets",
        text: `SELECT partition, next_offset, generation, rows, duplicates, dead_letters FROM ${name("sink_offsets")}
         WHERE target = $1 AND topic = $2 AND partition >= 0 AND partition < $3`,
        values: [this.#pipeline.table, this.#topic, this.#pipeline.partitions],
      });
      return { rows: answer.rows, beganMs, timeline };
    });
    const atMs = Date.now();
    const lines: WitnessOf<"offsets">[] = [];
    for (const row of rows) {
      // After a promotion there is a line in any case: it says where the new timeline begins.
      const text = [...Object.values(row), timeline].join(" ");
      const last = this.#last.get(row.partition);
      this.#last.set(row.partition, { text, seenMs: beganMs });
      if (last?.text === text) continue;
      lines.push({
        t: "offsets",
        partition: row.partition,
        next_offset: Number(row.next_offset),
        generation: Number(row.generation),
        rows: Number(row.rows),
        duplicates: Number(row.duplicates),
        dead_letters: Number(row.dead_letters),
        ...(timeline !== undefined && { timeline }),
        ...(last !== undefined && { after_ms: last.seenMs }),
        at_ms: atMs,
      });
    }
    await this.#log.append(lines);
    for (const line of lines) this.#nextOffsets.set(line.partition, line.next_offset);
  }

  close(): void {
    this.#link.close();
  }
}
