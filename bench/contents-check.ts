import type pg from "pg";
import { FaultlineError } from "../contract/errors.ts";
import type { BenchStack } from "./bench-stack.ts";
import { type Contents, contents, quote } from "./database.ts";

/**
 * A run that lost, doubled or changed rows measured nothing. Everything is read in one snapshot, since a killed job's last transaction may still commit.
 * @param run `least` and `most` rows that the table must have (a job that is stopped half-way has gone a little beyond); `whole`: what the whole topic
 * makes, undefined before anybody has drained it; `events`: in the topic.
 * @throws FaultlineError FL_NODE_FAILED
 */
export async function checkContents(
  target: BenchStack,
  client: pg.Client,
  run: {
    name: string;
    bySink: boolean;
    aggregates: boolean;
    least: number;
    most: number;
    whole: Contents | undefined;
    events: number;
  },
): Promise<Contents> {
  const { pipeline } = target;
  const wrong = (what: string): never => {
    throw new FaultlineError("FL_NODE_FAILED", `${run.name}: ${what}; the measurement is void`);
  };
  await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
  try {
    const found = await contents(client, pipeline.table);
    if (found.rows < run.least || found.rows > run.most)
      wrong(`${pipeline.table} has ${found.rows} rows, not ${run.least}`);
    if (found.rows === run.events && run.whole !== undefined && found.digest !== run.whole.digest)
      wrong(`the ${found.rows} rows of ${pipeline.table} differ from those of the first drain`);
    if (run.bySink) {
      const counted = await client.query<{ rows: string; other: string }>(
        "SELECT sum(rows) AS rows, sum(next_offset - start_offset - rows) AS other FROM sink_offsets WHERE target = $1",
        [pipeline.table],
      );
      if (Number(counted.rows[0]?.rows) !== found.rows || Number(counted.rows[0]?.other) !== 0)
        wrong(
          `sink_offsets counts ${counted.rows[0]?.rows} rows and ${counted.rows[0]?.other} others, the table has ${found.rows}`,
        );
    }
    for (const aggregate of run.aggregates ? pipeline.aggregates : []) {
      const sum = await client.query<{ events: string }>(
        `SELECT sum(${quote(aggregate.count)}) AS events FROM ${quote(aggregate.table)}`,
      );
      if (Number(sum.rows[0]?.events) !== found.rows)
        wrong(`${aggregate.table} counts ${sum.rows[0]?.events} events, ${pipeline.table} has ${found.rows} rows`);
    }
    return found;
  } finally {
    await client.query("ROLLBACK");
  }
}
