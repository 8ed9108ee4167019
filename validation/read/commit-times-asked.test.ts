import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parsePipeline } from "../../contract/pipeline.ts";
import { lookUpRows, type QueryRows, type RowLookUp } from "./commit-times.ts";

const pipeline = parsePipeline(
  readFileSync(new URL("../../pipelines/payments.yaml", import.meta.url), "utf8"),
  "payments.yaml",
);
type Answer = { place: number; event: number; committed_ms: number | null };

/** Looks up with a PostgreSQL that answers so; `asked`: the first line of each query's inner part, and its values. */
function lookUp(answer: (values: number[][]) => Answer[]) {
  const asked: { text: string; values: unknown[] }[] = [];
  const query = (async (text, values) => {
    asked.push({ text: text((name) => `s.${name}`).replaceAll(/\s+/g, " "), values });
    return answer(values as number[][]);
  }) as QueryRows;
  return { asked, ask: lookUpRows(query, pipeline, 7) };
}
/** Each range has a row at its low end, committed at ten times its number. */
const LOW = ([, places = [], lows = []]: number[][]): Answer[] =>
  places.map((place, at) => ({ place, event: lows[at]!, committed_ms: lows[at]! * 10 }));
const first = (low: number): RowLookUp => ({ low, high: low + 5, pick: "first" });
const last = (low: number): RowLookUp => ({ low, high: low + 5, pick: "last" });

test("each question gets its own row, in the order of the questions", async () => {
  const { ask } = lookUp((values) => LOW(values).toReversed());
  expect(await ask([first(10), last(20), first(30), last(40)])).toEqual([
    { event: 10, committedMs: 100 },
    { event: 20, committedMs: 200 },
    { event: 30, committedMs: 300 },
    { event: 40, committedMs: 400 },
  ]);
});

test("a range without a row has none", async () => {
  const { ask } = lookUp((values) => LOW(values).filter(({ event }) => event !== 20));
  expect(await ask([first(10), first(20), first(30)])).toEqual([
    { event: 10, committedMs: 100 },
    undefined,
    { event: 30, committedMs: 300 },
  ]);
});

test("the first rows are sought upwards, the last ones downwards, each within its range and run", async () => {
  const { ask, asked } = lookUp(() => []);
  await ask([first(10), last(20), first(30)]);
  expect(asked.map(({ values }) => values)).toEqual([
    [7, [0, 2], [10, 30], [15, 35]],
    [7, [1], [20], [25]],
  ]);
  for (const [at, order] of ["ASC", "DESC"].entries()) {
    expect(asked[at]?.text).toContain(`ORDER BY "run_id" ${order}, "event_id" ${order} LIMIT 1`);
    expect(asked[at]?.text).toContain('SELECT "event_id" AS event, xmin FROM s.payments WHERE "run_id" = $1');
    expect(asked[at]?.text).toContain("pg_xact_commit_timestamp(found.xmin)");
  }
});

test("nothing is asked if there is no question", async () => {
  const { ask, asked } = lookUp(LOW);
  expect(await ask([])).toEqual([]);
  expect(asked).toEqual([]);
});

test("many questions are asked 2,000 at once", async () => {
  const { ask, asked } = lookUp(LOW);
  const rows = await ask(Array.from({ length: 4001 }, (_, at) => first(at)));
  expect(asked.map(({ values }) => (values[1] as number[]).length)).toEqual([2000, 2000, 1]);
  expect(rows.map((row) => row?.event)).toEqual(Array.from({ length: 4001 }, (_, at) => at));
});

test("a row without a commit time is an error, not a row of 1970", async () => {
  const { ask } = lookUp((values) => LOW(values).map((row) => ({ ...row, committed_ms: null })));
  await expect(ask([first(1)])).rejects.toThrow("PostgreSQL no longer has the commit time of every row");
});

const failing = (error: Error) =>
  lookUp(() => {
    throw error;
  }).ask([first(1)]);

test("the hint of an error names the setting; an error without one stays as it is", async () => {
  const hinted = Object.assign(new Error("no commit times"), { hint: "set track_commit_timestamp" });
  await expect(failing(hinted)).rejects.toMatchObject({
    message: "no commit times: set track_commit_timestamp",
    cause: hinted,
  });
  const plain = new Error("gone");
  await expect(failing(plain)).rejects.toBe(plain);
});
