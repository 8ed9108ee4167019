import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parsePipeline } from "../../contract/pipeline.ts";
import { RandomStream } from "../../contract/random.ts";
import { readRunBytes } from "../canary/run-bytes.ts";
import type { RunBytes } from "../canary/run-bytes.ts";
import { findAnomalies } from "../checks/find-anomalies.ts";
import { bytesSource, partLines } from "../fixture/bytes-source.ts";
import { IS_MUTANT } from "../fixture/effort.ts";
import { MUTATIONS } from "../fixture/mutations.ts";
import { worldBytes } from "../fixture/read-world.ts";
import { applySink } from "../fixture/sink.ts";
import { makeWorld, type World } from "../fixture/world.ts";
import { Histories } from "../histories/histories.ts";
import { LedgerIngest } from "../histories/ledger-ingest.ts";
import { SinkIngest } from "../histories/sink-ingest.ts";
import { linesOf } from "../canary/lines.ts";
import { CopyRow } from "../sinks/copy-rows.ts";
import { Batches } from "../truth/batches.ts";
import { mergeReading, settleElsewhere } from "./merge-reading.ts";
import { PartitionReader } from "./read-partition.ts";
import { storeGroup, storeLetter, storeOffset } from "../fixture/stored-lines.ts";

const file = new URL("../../pipelines/payments.yaml", import.meta.url);
const pipeline = parsePipeline(readFileSync(file, "utf8"), "payments.yaml");
const ALL = { sequences: Number.MAX_SAFE_INTEGER, offsets: Number.MAX_SAFE_INTEGER };

/** Reads as the engine does: the ledger and what belongs to no partition here, each partition as if in another thread. */
async function readByPartition({ open }: World, bytes: RunBytes): Promise<Histories> {
  const { run } = open;
  const settings = { run, seed: open.seed, malformedPpm: open.malformed_ppm };
  const histories = new Histories(pipeline, settings);
  const ledger = new LedgerIngest(histories);
  for (const [index, line] of linesOf(bytes.ledger).entries()) ledger.line(line, index + 1);
  ledger.finish();
  const sink = new SinkIngest(histories, pipeline.topic);
  const rest = (part: Parameters<typeof partLines>[3]) => partLines(bytes, pipeline, run, part);
  for (const line of rest({ of: "offsets" })) storeOffset(sink, line);
  for (const line of rest({ of: "letters", partition: "rest" })) storeLetter(sink, line);
  const row = new CopyRow(pipeline, run);
  for (const line of rest({ of: "rows", partition: "rest" }))
    sink.row(row.show(Buffer.from(line), 0, Buffer.byteLength(line)));
  for (const [aggregate, table] of histories.aggregates.entries())
    for (const line of rest({ of: "groups", aggregate, partition: "rest" })) storeGroup(table, pipeline, line);

  const batches = histories.partitions.map((history) => Batches.of(history.batches.share()));
  const context = { pipeline, settings, topic: pipeline.topic, batches };
  const reader = new PartitionReader(context, bytesSource(bytes, pipeline, run));
  const { signal } = new AbortController();
  for (const [partition, { sink: offsets }] of histories.partitions.entries()) {
    const { start, end } = bytes.log[partition] as RunBytes["log"][0];
    const task = { partition, range: { partition, start, end }, hasTables: true, sink: offsets, capture: ALL };
    mergeReading(histories, structuredClone(await reader.read(task, signal, () => undefined)));
  }
  settleElsewhere(histories);
  histories.sinkRead = histories.logRead = true;
  return histories;
}

function readAtOnce({ open }: World, bytes: RunBytes): Histories {
  const settings = { run: open.run, seed: open.seed, malformedPpm: open.malformed_ppm };
  return readRunBytes(pipeline, settings, pipeline.topic, bytes).histories;
}

/** Places are told in another order, and of many only some. */
function told(histories: Histories) {
  const { logRecords, actualRows, actualLetters } = histories;
  const anomalies = findAnomalies(histories).map(({ kind, count, ranges }) => ({
    kind,
    count,
    ranges: ranges.toSorted(),
  }));
  return { anomalies, logRecords, actualRows, actualLetters };
}

test.each(MUTATIONS.map((mutation) => [mutation.name, mutation] as const))(
  "finds by partition what it finds at once: %s",
  async (_name, mutation) => {
    for (let seed = 1; seed <= (IS_MUTANT ? 1 : 4); seed++) {
      const world = makeWorld(pipeline, seed, { batches: 40, malformedPpm: 100_000 });
      const random = new RandomStream(seed, 1, 2);
      if ("before" in mutation) mutation.before(world, random);
      const tables = applySink(world);
      if ("after" in mutation) mutation.after(world, tables, random);
      const bytes = worldBytes(world, tables);
      const byPartition = told(await readByPartition(world, bytes));
      expect(byPartition).toEqual(told(readAtOnce(world, bytes)));
      expect(byPartition.logRecords).toBeGreaterThan(0);
    }
  },
);

test("keeps the beginning of a partition in the bytes that were read", async () => {
  const world = makeWorld(pipeline, 3, { batches: 40, malformedPpm: 100_000 });
  const bytes = worldBytes(world, applySink(world));
  const histories = readAtOnce(world, bytes);
  const context = {
    pipeline,
    settings: histories.settings,
    topic: pipeline.topic,
    batches: histories.partitions.map((history) => history.batches),
  };
  const reader = new PartitionReader(context, bytesSource(bytes, pipeline, world.open.run));
  const partition = bytes.log.findIndex(({ end }) => end > 20);
  const { end } = bytes.log[partition] as RunBytes["log"][0];
  const range = { partition, start: 0, end };
  const sink = histories.partitions[partition]?.sink;
  const { captured } = await reader.read(
    { partition, range, hasTables: true, sink, capture: { sequences: 10, offsets: 8 } },
    new AbortController().signal,
    () => undefined,
  );
  const rows = partLines(bytes, pipeline, world.open.run, { of: "rows", partition });
  expect(captured.rows.length).toBeGreaterThan(0);
  for (const { line, sequence } of captured.rows) {
    expect(sequence).toBeLessThan(10);
    expect(rows).toContain(line);
  }
  const whole = (bytes.log[partition] as RunBytes["log"][0]).batches;
  expect(captured.batches.equals(whole.subarray(0, captured.batches.length))).toBe(true);
  expect(captured.batches.length).toBeGreaterThan(0);
  expect(captured.batches.length).toBeLessThan(whole.length);
});

test("a source that fails is told, and the other one is read all the same", async () => {
  const world = makeWorld(pipeline, 3, { batches: 20, malformedPpm: 0 });
  const bytes = worldBytes(world, applySink(world));
  const histories = readAtOnce(world, bytes);
  const { settings, partitions } = histories;
  const context = { pipeline, settings, topic: pipeline.topic, batches: partitions.map(({ batches }) => batches) };
  const { UnreadableError } = await import("../read/unreadable-error.ts");
  const source = bytesSource(bytes, pipeline, world.open.run);
  const broken = { ...source, copy: () => Promise.reject(new UnreadableError("no rows today")) };
  const partition = bytes.log.findIndex(({ end }) => end > 0);
  const { end } = bytes.log[partition] as RunBytes["log"][0];
  const task = { partition, range: { partition, start: 0, end }, hasTables: true, sink: undefined, capture: ALL };
  const reading = await new PartitionReader(context, broken).read(task, new AbortController().signal, () => undefined);
  expect(reading.tableError).toEqual({ code: undefined, message: "no rows today", remedy: undefined });
  expect([reading.logError, reading.logRecords]).toEqual([undefined, end]);
});
