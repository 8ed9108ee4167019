import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parsePipeline } from "../../contract/pipeline.ts";
import { readRunBytes, type RunBytes } from "../canary/run-bytes.ts";
import { bytesSource } from "../fixture/bytes-source.ts";
import { batchBytes, worldBytes } from "../fixture/read-world.ts";
import { applySink } from "../fixture/sink.ts";
import { makeWorld } from "../fixture/world.ts";
import type { PartitionReading } from "./partition-reading.ts";
import { PartitionReader } from "./read-partition.ts";

const file = new URL("../../pipelines/payments.yaml", import.meta.url);
const pipeline = parsePipeline(readFileSync(file, "utf8"), "payments.yaml");
const world = makeWorld(pipeline, 3, { batches: 40, malformedPpm: 0 });
const whole = worldBytes(world, applySink(world));
const partition = world.log.findIndex((log) => log.length > 20);
const end = world.log[partition]?.length ?? 0;

/** Reads the partition, whose log is as Kafka says: these offsets, in these batches. */
async function readLog(log: { start: number; end: number; batches: Buffer }): Promise<PartitionReading> {
  const bytes: RunBytes = { ...whole, log: whole.log.map((each, at) => (at === partition ? log : each)) };
  const settings = { run: world.open.run, seed: world.open.seed, malformedPpm: 0 };
  const { partitions } = readRunBytes(pipeline, settings, pipeline.topic, whole).histories;
  const context = { pipeline, settings, topic: pipeline.topic, batches: partitions.map(({ batches }) => batches) };
  const reader = new PartitionReader(context, bytesSource(bytes, pipeline, world.open.run));
  const task = {
    partition,
    range: { partition, start: log.start, end: log.end },
    hasTables: true,
    sink: partitions[partition]?.sink,
    capture: { sequences: 0, offsets: 0 },
  };
  return reader.read(task, new AbortController().signal, () => undefined);
}

const all = batchBytes(world.log[partition] ?? []);

test("a log that is whole gives no reason for UNKNOWN", async () => {
  const reading = await readLog({ start: 0, end, batches: all });
  expect(reading.logProblems).toEqual([]);
  expect(reading.logRecords).toBe(end);
});

test("a log whose first records Kafka has deleted is a reason for UNKNOWN", async () => {
  for (const start of [1, 7]) {
    const { logProblems } = await readLog({ start, end, batches: all });
    expect(logProblems).toEqual([
      `partition ${partition}: Kafka has deleted the offsets below ${start} (retention), so the records there can't be judged`,
    ]);
  }
});

test("a log that ends before its end is a reason for UNKNOWN", async () => {
  const { logProblems } = await readLog({ start: 0, end: end + 1, batches: all });
  expect(logProblems).toEqual([`partition ${partition}: read ${end} records of offsets 0 to ${end + 1}`]);
});

test("a log with a hole is a reason for UNKNOWN, told once and where it begins", async () => {
  // Batches of 7: the second and the fourth are missing.
  const records = world.log[partition] ?? [];
  const parts = [0, 7, 14].map((from) => batchBytes(records.slice(from, from + 7)));
  const sizes = parts.map(({ length }) => length) as [number, number, number];
  const holed = Buffer.concat([all.subarray(0, sizes[0]), all.subarray(sizes[0] + sizes[1])]);
  const { logProblems, logRecords } = await readLog({ start: 0, end, batches: holed });
  expect(logRecords).toBe(end - 7);
  expect(logProblems).toEqual([
    `partition ${partition}: offsets from 7 on hold no record (compaction or transactions), so the log is incomplete`,
  ]);
});
