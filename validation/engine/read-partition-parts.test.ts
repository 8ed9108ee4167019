import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { FaultlineError } from "../../contract/errors.ts";
import { parsePipeline } from "../../contract/pipeline.ts";
import { readRunBytes } from "../canary/run-bytes.ts";
import { bytesSource, partLines } from "../fixture/bytes-source.ts";
import { worldBytes } from "../fixture/read-world.ts";
import { applySink } from "../fixture/sink.ts";
import { makeWorld } from "../fixture/world.ts";
import { batchesOf } from "../read/batch-bytes.ts";
import { UnreadableError } from "../read/unreadable-error.ts";
import type { PartitionSource, TablePart } from "../source/run-source.ts";
import { BatchDigests } from "../witness/batch-digests.ts";
import type { PartitionTask } from "./partition-reading.ts";
import { PartitionReader, sourceError } from "./read-partition.ts";

const file = new URL("../../pipelines/payments.yaml", import.meta.url);
const pipeline = parsePipeline(readFileSync(file, "utf8"), "payments.yaml");
const world = makeWorld(pipeline, 3, { batches: 40, malformedPpm: 200_000 });
const bytes = worldBytes(world, applySink(world));
const settings = { run: world.open.run, seed: world.open.seed, malformedPpm: world.open.malformed_ppm };
const ledger = readRunBytes(pipeline, settings, pipeline.topic, bytes).histories.partitions;
const partition = world.log.findIndex((log) => log.length > 20);
const log = bytes.log[partition] as (typeof bytes.log)[0];
const lines = (of: "rows" | "letters") => partLines(bytes, pipeline, settings.run, { of, partition });
const offsetOf = (letter = "") => Number(letter.split("\t")[3]);
const sequenceOf = (line: string) => Number(line.split("\t")[1]) % 2 ** 40;

/** Reads the partition from a source that may fail. `asked`: what was asked of it. */
async function read(
  change: Partial<PartitionTask> = {},
  fails: (what: TablePart["of"] | "log") => Error | undefined = () => undefined,
  batches: readonly { bytes: Buffer }[] = batchesOf(log.batches),
) {
  const asked: string[] = [];
  const whole = bytesSource(bytes, pipeline, settings.run);
  const guarded = async (what: TablePart["of"] | "log", next: () => Promise<void>) => {
    asked.push(what);
    const error = fails(what);
    if (error !== undefined) throw error;
    await next();
  };
  const source: PartitionSource = {
    ...whole,
    copy: (part, signal, take) => guarded(part.of, () => whole.copy(part, signal, take)),
    log: ({ start, end }, _signal, take) =>
      guarded("log", async () => {
        // As a broker may send them: one after the other.
        let position = start;
        for (const batch of batches) if (position < end) position = take(batch.bytes, position);
      }),
  };
  const context = { pipeline, settings, topic: pipeline.topic, batches: ledger.map(({ batches }) => batches) };
  const task: PartitionTask = {
    partition,
    range: { partition, start: 0, end: log.end },
    hasTables: true,
    sink: ledger[partition]?.sink,
    capture: { sequences: 0, offsets: 0 },
    ...change,
  };
  const sum = { rows: 0, records: 0 };
  const reading = await new PartitionReader(context, source).read(task, new AbortController().signal, (more) => {
    sum.rows += more.rows;
    sum.records += more.records;
  });
  return { ...reading, asked, sum };
}

test("reads all of a partition, and says how much it was", async () => {
  const reading = await read();
  expect(reading.asked).toEqual(["letters", "groups", "groups", "rows", "log"]);
  expect(reading.sum).toEqual({ rows: lines("rows").length, records: log.end });
  expect([reading.actualRows, reading.logRecords]).toEqual([lines("rows").length, log.end]);
  expect(reading.actualLetters).toBe(lines("letters").length);
  expect(reading.history.plain["log"]).toEqual({ start: 0, end: log.end, next: log.end, records: log.end });
  expect([reading.tableError, reading.logError, reading.logProblems]).toEqual([undefined, undefined, []]);
  expect([reading.witnessed, reading.captured.rows, reading.captured.letters]).toEqual([[], [], []]);
  expect(reading.groups.map(({ compared, counts }) => [compared > 0, counts.size])).toEqual([
    [true, 0],
    [true, 0],
  ]);
});

test("without tables only the log is read, without a log only the tables", async () => {
  const [logOnly, tablesOnly, nothing] = [
    await read({ hasTables: false }),
    await read({ range: undefined }),
    await read({ hasTables: false, range: undefined }),
  ];
  expect([logOnly.asked, logOnly.actualRows, logOnly.logRecords]).toEqual([["log"], 0, log.end]);
  expect(tablesOnly.asked).toEqual(["letters", "groups", "groups", "rows"]);
  expect([tablesOnly.history.plain["log"], tablesOnly.batches]).toEqual([undefined, []]);
  expect(nothing.asked).toEqual([]);
  for (const { tableError, logError } of [logOnly, tablesOnly, nothing])
    expect([tableError, logError]).toEqual([undefined, undefined]);
});

test.each<[TablePart["of"] | "log", string[]]>([
  ["letters", ["letters", "log"]],
  ["groups", ["letters", "groups", "log"]],
  ["rows", ["letters", "groups", "groups", "rows", "log"]],
  ["log", ["letters", "groups", "groups", "rows", "log"]],
])("if %s can't be read, that is told, the other source is read, and no group is judged", async (what, asked) => {
  const reading = await read({}, (of) => (of === what ? new UnreadableError("not today") : undefined));
  const problem = { code: undefined, message: "not today", remedy: undefined };
  expect(reading.asked).toEqual(asked);
  expect(reading.tableError).toEqual(what === "log" ? undefined : problem);
  expect(reading.logError).toEqual(what === "log" ? problem : undefined);
  expect(reading.groups.map(({ compared }) => compared)).toEqual([0, 0]);
});

test("an error that says nothing about a source is thrown", async () => {
  const bug = new TypeError("a bug");
  for (const what of ["letters", "rows", "log"])
    await expect(
      read({}, (of) => (of === what ? bug : undefined)),
      what,
    ).rejects.toBe(bug);
  expect(() => sourceError(bug)).toThrow(bug);
});

test("an error of a source keeps its words, and its code and remedy if it has them", () => {
  const error = new FaultlineError("FL_POSTGRES_AUTH", "no entry", { remedy: "a password" });
  expect(sourceError(error)).toEqual({ code: "FL_POSTGRES_AUTH", message: "no entry", remedy: "a password" });
  expect(sourceError(new UnreadableError("torn"))).toEqual({ code: undefined, message: "torn", remedy: undefined });
});

test.each([0, 1, 10, 1000])("keeps the rows of the first %i sequences", async (sequences) => {
  const { captured } = await read({ capture: { sequences, offsets: 0 } });
  const expected = lines("rows").filter((line) => sequenceOf(line) < sequences);
  expect(captured.rows).toEqual(expected.map((line) => ({ sequence: sequenceOf(line), line })));
  expect([captured.letters, captured.batches.length]).toEqual([[], 0]);
});

test("keeps the dead letters below an offset", async () => {
  const letters = lines("letters");
  const offsets = offsetOf(letters[1]);
  const { captured } = await read({ capture: { sequences: 0, offsets } });
  expect(letters.length).toBeGreaterThan(2);
  expect(captured.letters).toEqual(letters.slice(0, 1));
  expect(captured.rows).toEqual([]);
});

test("a dead letter without an offset is read, and lies below none", async () => {
  const letter = "payments\tpayments\t1\t\\N\t\\N\t\\N\tx\t\\N\n";
  const source: PartitionSource = {
    ...bytesSource(bytes, pipeline, settings.run),
    copy: async ({ of }, _signal, take) => {
      if (of === "letters") take(Buffer.from(letter));
    },
  };
  const context = { pipeline, settings, topic: pipeline.topic, batches: ledger.map(({ batches }) => batches) };
  const capture = { sequences: 0, offsets: 5 };
  const task = { partition, range: undefined, hasTables: true, sink: undefined, capture };
  const reading = await new PartitionReader(context, source).read(task, new AbortController().signal, () => undefined);
  expect([reading.actualLetters, reading.captured.letters]).toEqual([1, []]);
});

test.each([
  [0, 0],
  [1, 1],
  [7, 1],
  [8, 2],
  [14, 2],
  [15, 3],
])("of a log in batches of seven, keeps those that begin below offset %i: %i", async (offsets, count) => {
  const { captured } = await read({ capture: { sequences: 0, offsets } });
  const batches = batchesOf(log.batches).slice(0, count);
  expect(captured.batches).toEqual(Buffer.concat(batches.map((batch) => batch.bytes)));
});

test("a batch that ends where the reading begins is not kept", async () => {
  const { captured } = await read({
    range: { partition, start: 7, end: log.end },
    capture: { sequences: 0, offsets: 8 },
  });
  const [, second] = batchesOf(log.batches);
  expect(captured.batches).toEqual(second?.bytes);
});

test("sums up the ranges that the witness has read, and the batches", async () => {
  const { witnessed, batches } = await read({ witnessed: [{ from: 2, to: 5 }] });
  expect(witnessed).toMatchObject([{ from: 2, to: 5, records: 3 }]);
  const digests = new BatchDigests(0, log.end);
  digests.add(log.batches);
  expect(batches).toEqual(digests.finish());
  expect(batches[0]?.batches).toBeGreaterThan(0);
});

test("batches outside of what is judged are not summed up", async () => {
  const all = batchesOf(log.batches).length;
  for (const [start, end, expected] of [
    [0, log.end, all],
    [7, log.end, all - 1],
    [0, 7, 1],
  ] as const) {
    const { batches } = await read({ range: { partition, start, end } });
    expect(batches.reduce((sum, bucket) => sum + bucket.batches, 0)).toBe(expected);
  }
});

test("strays and odd records of the partition are told", async () => {
  const strange = makeWorld(pipeline, 3, { batches: 40, malformedPpm: 0 });
  const source = bytesSource(worldBytes(strange, applySink(strange)), pipeline, strange.open.run);
  // Read by a ledger that knows nothing: all records and rows are strays.
  const empty = readRunBytes(pipeline, settings, pipeline.topic, { ...bytes, ledger: Buffer.alloc(0) }).histories;
  const context = { pipeline, settings, topic: pipeline.topic, batches: empty.partitions.map((each) => each.batches) };
  const range = { partition, start: 0, end: log.end };
  const task = { partition, range, hasTables: true, sink: undefined, capture: { sequences: 0, offsets: 0 } };
  const reading = await new PartitionReader(context, source).read(task, new AbortController().signal, () => undefined);
  expect(reading.strays.events.length).toBeGreaterThan(20);
  expect(reading.strays.overflow).toBe(0);
  expect(new Map(reading.strays.events).size).toBe(reading.strays.events.length);
});

test("a batch of which only a part is in the log is torn", async () => {
  const batch = world.batches.find((each) => each.partition === partition && each.acknowledged && each.count > 2);
  if (batch === undefined) throw new Error("the fixture has no such batch");
  const { history } = await read({ range: { partition, start: 0, end: batch.offset + 1 } });
  expect(history.bitmaps["torn"]?.count).toBe(batch.count);
});

test("a log with several holes is one reason for UNKNOWN", async () => {
  const some = batchesOf(log.batches).filter((_, at) => at % 2 === 1);
  expect(some.length).toBeGreaterThan(1);
  const { logProblems } = await read({ range: { partition, start: 0, end: 28 } }, undefined, some);
  expect(logProblems).toEqual([
    `partition ${partition}: offsets from 0 on hold no record (compaction or transactions), so the log is incomplete`,
  ]);
});

/** Batches of seven, in the order in which they come, and where each is read from. */
test.each<[string, number[], number]>([
  ["twice", [0, 0, 1], 14],
  ["instead of the next", [0, 0], 14],
])("a log that is read in part %s is not whole", async (_name, order, end) => {
  const all = batchesOf(log.batches).map(({ bytes: batch }) => batch);
  const source: PartitionSource = {
    ...bytesSource(bytes, pipeline, settings.run),
    log: async (_range, _signal, take) => {
      for (const at of order) take(all[at] as Buffer, at * 7);
    },
  };
  const context = { pipeline, settings, topic: pipeline.topic, batches: ledger.map(({ batches }) => batches) };
  const range = { partition, start: 0, end };
  const task = { partition, range, hasTables: false, sink: undefined, capture: { sequences: 0, offsets: 0 } };
  const reading = await new PartitionReader(context, source).read(task, new AbortController().signal, () => undefined);
  expect(reading.logProblems).toEqual([
    `partition ${partition}: read ${order.length * 7} records of offsets 0 to ${end}`,
  ]);
});
