import { z } from "zod";
import type { Aggregate } from "../../contract/pipeline.ts";
import type { LogRange } from "../read/kafka-log.ts";
import type { PostgresReader } from "../sinks/postgres.ts";
import type { ViewTotals } from "../sinks/view-totals.ts";

/** The servers, as a question needs them. `postgres` is within the snapshot that is judged. */
export type LiveServers = {
  readonly brokers: string[];
  readonly topic: string;
  postgres(): Promise<PostgresReader>;
  ranges(): Promise<LogRange[]>;
};

/**
 * Something small that a verdict must know of the servers, beside the log and the tables. Live servers are asked; an evidence file has the answer
 * under the question's name.
 */
export type Question<Answer> = {
  /** "kafka.topic". A name that is asked twice has one answer. */
  name: string;
  /** The answer as JSON. */
  schema: z.ZodType<Answer>;
  ask(live: LiveServers): Promise<Answer>;
};

/** Asks whoever knows. @throws whatever the question throws; UnreadableError if an evidence file has no such answer. */
export type Ask = <Answer>(question: Question<Answer>) => Promise<Answer>;

const ranges = z.array(z.strictObject({ partition: z.int(), start: z.int(), end: z.int() }));

/** First offset and end of every partition. `judged`: before the log is read; `after`: when it was read. */
export function logRanges(when: "judged" | "after"): Question<LogRange[]> {
  return { name: `kafka.log.${when}`, schema: ranges, ask: (live) => live.ranges() };
}

const totals = z.strictObject({ missing: z.int(), more: z.int() });

/** How an aggregate's view differs from its table. */
export function viewTotals(spec: Aggregate): Question<ViewTotals> {
  return {
    name: `postgres.view.${spec.table}_total`,
    schema: totals,
    ask: async (live) => (await live.postgres()).viewTotals(spec),
  };
}
