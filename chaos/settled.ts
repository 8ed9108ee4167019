import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { z } from "zod";
import { HEALTH_FRESH_MS, type Health, healthSchema } from "../contract/health.ts";
import { producerStatusSchema, RUN_FILES, type ProducerStatus } from "../contract/run.ts";
import { type Clock, poll } from "../machine/clock.ts";

/** What the run's files say now. A file that is not there, or can't be read, is undefined. */
type Seen = { health: Health | undefined; producer: ProducerStatus | undefined };

const LOOK_EVERY_MS = 200;

/**
 * Waits until the pipeline is settled after `sinceMs`: the producer had an acknowledgement on every partition, and what was in the log by then is
 * stored. A node that answers is not enough: rows may flow only much later, and the next fault would be charged with this one's outage.
 * @param runDirectory where a monitor and a producer leave health.json and producer-status.json. Without a monitor nobody can tell: returns at once.
 * @returns undefined when settled, or what was still missing when the time was over, as one sentence.
 */
export async function waitSettled(
  runDirectory: string,
  sinceMs: number,
  timeoutMs: number,
  { clock, signal }: { clock: Clock; signal: AbortSignal },
): Promise<string | undefined> {
  const watch = new SettleWatch(sinceMs);
  let missing: string | undefined;
  await poll(
    clock,
    timeoutMs,
    async () => {
      missing = watch.missing(await look(runDirectory), clock.now());
      return missing === undefined ? true : undefined;
    },
    { everyMs: LOOK_EVERY_MS, signal },
  );
  return missing;
}

/** The rule, fed with one look after the other. */
export class SettleWatch {
  readonly #sinceMs: number;
  /** Per partition: the log's end when the producer worked again. */
  #goals: Map<number, number> | undefined;

  constructor(sinceMs: number) {
    this.#sinceMs = sinceMs;
  }

  /** @returns what is still missing, undefined: settled. */
  missing({ health, producer }: Seen, nowMs: number): string | undefined {
    if (health === undefined) return undefined;
    if (health.at_ms <= this.#sinceMs || nowMs - health.at_ms > HEALTH_FRESH_MS)
      return "the monitor has not looked since";
    const unknown = health.partitions.find(({ next_offset, log_end }) => next_offset === null || log_end === null);
    if (unknown !== undefined) return `partition ${unknown.partition}: ${unknown.reason ?? "unknown"}`;
    const silent = this.#goals === undefined ? this.#silent(producer) : undefined;
    if (silent !== undefined) return silent;
    const goals = (this.#goals ??= new Map(
      health.partitions.map(({ partition, log_end }) => [partition, log_end ?? Infinity]),
    ));
    const behind = health.partitions.find(
      ({ partition, next_offset }) => (next_offset ?? -1) < (goals.get(partition) ?? 0),
    );
    return (
      behind && `partition ${behind.partition} is at offset ${behind.next_offset} of ${goals.get(behind.partition)}`
    );
  }

  /** A producer that works, or should: what it has not done since. One that was never started, or has ended, owes nothing. */
  #silent(producer: ProducerStatus | undefined): string | undefined {
    if (producer === undefined || !["starting", "producing"].includes(producer.state)) return undefined;
    if (producer.at_ms <= this.#sinceMs) return "the producer has said nothing since";
    const lane = producer.partitions.find(({ last_ack_ms }) => last_ack_ms < this.#sinceMs);
    return lane && `partition ${lane.partition}: no acknowledgement since`;
  }
}

async function look(runDirectory: string): Promise<Seen> {
  const [health, producer] = await Promise.all([
    readState(join(runDirectory, RUN_FILES.health), healthSchema),
    readState(join(runDirectory, RUN_FILES.producerStatus), producerStatusSchema),
  ]);
  return { health, producer };
}

async function readState<T>(file: string, schema: z.ZodType<T>): Promise<T | undefined> {
  try {
    return schema.safeParse(JSON.parse(await readFile(file, "utf8"))).data;
  } catch {
    return undefined;
  }
}
