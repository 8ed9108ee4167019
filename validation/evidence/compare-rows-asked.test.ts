import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parsePipeline } from "../../contract/pipeline.ts";
import { type RowRange, type RowsDigest, rowsDigestQuery, rowsDigestValues } from "../../contract/rows-digest.ts";
import type { PostgresReader } from "../sinks/postgres.ts";
import { WitnessSeen } from "../witness/witness-seen.ts";
import { compareRows } from "./compare-rows.ts";

const pipeline = parsePipeline(
  readFileSync(new URL("../../pipelines/payments.yaml", import.meta.url), "utf8"),
  "payments.yaml",
);
const RUN = 7;

function seenOf(ranges: readonly RowRange[]): WitnessSeen {
  const seen = new WitnessSeen(pipeline.partitions);
  for (const range of ranges) seen.add({ t: "rows", ...range, rows: 1, digest: "1", at_ms: 1 });
  return seen;
}
/** So many ranges of this size, one after the other. */
const ranges = (count: number, size: number, partition = 0): RowRange[] =>
  Array.from({ length: count }, (_, at) => ({ partition, from: at * size, to: at * size + size }));

/** Compares them with a PostgreSQL that finds in each range as many rows as its first sequence. */
async function compared(
  of: readonly RowRange[],
  { mostRows = undefined as number | undefined, seed = 3, signal = new AbortController().signal } = {},
) {
  const seen = seenOf(of);
  const names: string[] = [];
  const asked: unknown[][] = [];
  const select = async (
    query: (name: (table: string) => string) => string,
    values: unknown[],
  ): Promise<RowsDigest[]> => {
    expect(query((table) => `s.${table}`)).toBe(rowsDigestQuery("s.payments", pipeline));
    asked.push(values);
    const [, places] = values as [number, number[]];
    return places.map((place) => ({ place, rows: place, digest: `${asked.length}` })).toReversed();
  };
  const live = {
    brokers: [],
    topic: "",
    postgres: async () => ({ select }) as unknown as PostgresReader,
    ranges: async () => [],
  };
  const result = await compareRows(
    async (question) => {
      names.push(question.name);
      return question.schema.parse(await question.ask(live));
    },
    { pipeline, run: RUN, seed },
    seen,
    signal,
    mostRows,
  );
  return { result, names, asked, end: seen.end.rows };
}

test("all ranges of all partitions are read in one query, and each gets its own rows", async () => {
  const all = [...ranges(2, 10), ...ranges(1, 10, 3)];
  const { result, names, asked, end } = await compared(all);
  expect(result).toEqual({ compared: 3, all: 3 });
  expect(asked).toEqual([rowsDigestValues(RUN, all)]);
  expect(names).toEqual(["postgres.witness.0:0:10..3:0:10"]);
  expect(Object.fromEntries(end)).toEqual({
    "0:0:10": { rows: 0, digest: "1" },
    "0:10:20": { rows: 1, digest: "1" },
    "3:0:10": { rows: 2, digest: "1" },
  });
});

test("a witness that has read no rows asks nothing", async () => {
  const { result, names } = await compared([]);
  expect([result, names]).toEqual([{ compared: 0, all: 0 }, []]);
});

test.each([
  ["ranges, 500 at most", ranges(1001, 1), [500, 500, 1]],
  ["ranges, and exactly 500 are one", ranges(500, 1), [500]],
  ["rows, up to about 100,000", ranges(5, 50_000), [2, 2, 1]],
  ["rows, with the range that makes them 100,000", ranges(3, 99_999), [2, 1]],
  ["rows, even of a single range", ranges(2, 100_000), [1, 1]],
])("a query has only so many %s", async (_, all, expected) => {
  const { asked, end } = await compared(all);
  expect(asked.map(([, places]) => (places as number[]).length)).toEqual(expected);
  expect(end).toHaveLength(all.length);
  expect(asked.flatMap(([, , lows]) => lows)).toEqual(rowsDigestValues(RUN, all)[2]);
});

test("each query is asked under its own name", async () => {
  expect((await compared(ranges(3, 99_999))).names).toEqual([
    "postgres.witness.0:0:99999..0:99999:199998",
    "postgres.witness.0:199998:299997..0:199998:299997",
  ]);
});

test("as many rows as are allowed are all read", async () => {
  expect((await compared(ranges(10, 10), { mostRows: 100 })).result).toEqual({ compared: 10, all: 10 });
});

test("of too many, about as many rows as are allowed are read", async () => {
  // Of four single rows one may be read: each with a chance of a quarter.
  const counts = await Promise.all(
    Array.from({ length: 200 }, (_, seed) => compared(ranges(4, 1), { mostRows: 1, seed })),
  );
  const read = counts.reduce((sum, { result }) => sum + result.compared, 0);
  expect(read).toBeGreaterThan(160);
  expect(read).toBeLessThan(240);
  expect(counts.every(({ result, end }) => result.all === 4 && end.size === result.compared)).toBe(true);
});

test("without another limit, rows of 4,000,000 sequences are read", async () => {
  expect((await compared(ranges(40, 100_000))).result.compared).toBe(40);
  const { compared: some } = (await compared(ranges(80, 100_000))).result;
  expect(some).toBeGreaterThan(20);
  expect(some).toBeLessThan(60);
});

const chosen = async (seed: number) => [...(await compared(ranges(40, 10), { mostRows: 200, seed })).end.keys()];

test("which are read is chosen by the run's seed", async () => {
  expect(await chosen(3)).toEqual(await chosen(3));
  expect(await chosen(3)).not.toEqual(await chosen(4));
});

test("who ends the validation ends the reading", async () => {
  const signal = AbortSignal.abort(new Error("ended"));
  await expect(compared(ranges(1, 1), { signal })).rejects.toThrow("ended");
});
