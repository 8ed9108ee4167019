import { z } from "zod";
import { RandomStream } from "../../contract/random.ts";
import type { Pipeline } from "../../contract/pipeline.ts";
import { type RowRange, type RowsDigest, rowsDigestQuery, rowsDigestValues } from "../../contract/rows-digest.ts";
import type { Ask, Question } from "../source/question.ts";
import { rangeKey, type WitnessSeen } from "../witness/witness-seen.ts";

/** So many rows are read again at most: 2,000 queries of 2,000 rows each. */
const MOST_ROWS = 4_000_000;
const ROWS_OF_QUERY = 100_000;
const RANGES_OF_QUERY = 500;
const SAMPLE_STREAM = 0x7769746e;

/**
 * Reads the rows of the ranges that the witness has read once more, within the validator's snapshot, and puts what is there into `seen.end`.
 * @returns how many of how many ranges were read: if they are too many, a sample that `seed` chooses.
 */
export async function compareRows(
  ask: Ask,
  { pipeline, run, seed }: { pipeline: Pipeline; run: number; seed: number },
  seen: WitnessSeen,
  signal: AbortSignal,
  mostRows = MOST_ROWS,
): Promise<{ compared: number; all: number }> {
  const all = rangesOf(seen);
  const chosen = sample(all, mostRows, seed);
  for (const part of parts(chosen)) {
    signal.throwIfAborted();
    for (const { place, rows, digest } of await ask(rowsQuestion(pipeline, run, part))) {
      const range = part[place] as RowRange;
      seen.end.rows.set(rangeKey(range.partition, range), { rows, digest });
    }
  }
  return { compared: chosen.length, all: all.length };
}

const rowsDigests = z.array(z.strictObject({ place: z.int(), rows: z.int(), digest: z.string() }));

/** Rows and digest of each range, in the snapshot. */
function rowsQuestion(pipeline: Pipeline, run: number, ranges: readonly RowRange[]): Question<RowsDigest[]> {
  const [first, last] = [ranges[0], ranges.at(-1)].map((range) => range && rangeKey(range.partition, range));
  return {
    name: `postgres.witness.${first}..${last}`,
    schema: rowsDigests,
    ask: async (live) =>
      (await live.postgres()).select<RowsDigest>(
        (name) => rowsDigestQuery(name(pipeline.table), pipeline),
        rowsDigestValues(run, ranges),
      ),
  };
}

function rangesOf({ lanes }: WitnessSeen): RowRange[] {
  return lanes.flatMap(({ rows }, partition) => [...rows.values()].map(({ from, to }) => ({ partition, from, to })));
}

function sample(ranges: readonly RowRange[], mostRows: number, seed: number): RowRange[] {
  const rows = ranges.reduce((sum, { from, to }) => sum + to - from, 0);
  const random = new RandomStream(seed ^ SAMPLE_STREAM, 0, 0);
  // All of them, if they are not too many.
  return ranges.filter(() => random.float() * rows < mostRows);
}

function* parts(ranges: readonly RowRange[]): Generator<RowRange[]> {
  let part: RowRange[] = [];
  let rows = 0;
  for (const range of ranges) {
    part.push(range);
    rows += range.to - range.from;
    if (part.length < RANGES_OF_QUERY && rows < ROWS_OF_QUERY) continue;
    yield part;
    part = [];
    rows = 0;
  }
  if (part.length > 0) yield part;
}
