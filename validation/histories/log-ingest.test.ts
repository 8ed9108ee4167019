import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parsePipeline } from "../../contract/pipeline.ts";
import { readRunBytes } from "../canary/run-bytes.ts";
import { findAnomalies } from "../checks/find-anomalies.ts";
import { worldBytes } from "../fixture/read-world.ts";
import { applySink } from "../fixture/sink.ts";
import { makeWorld, type World } from "../fixture/world.ts";
import { ledgerClose } from "../../contract/fixture/close.ts";

const file = new URL("../../pipelines/payments.yaml", import.meta.url);
const pipeline = parsePipeline(readFileSync(file, "utf8"), "payments.yaml");

/** What is lost according to a ledger whose acknowledgements of the first batch of the partition have another offset. */
function lostAfter(world: World, partition: number, start: number, offset: number) {
  const ledger = world.ledger
    .slice(0, -1)
    .map((record) =>
      record.t === "ack" && record.p === partition && record.s === start ? { ...record, o: offset } : record,
    );
  const changed = { ...world, ledger: [...ledger, ledgerClose(ledger, world.ledger.at(-1)?.at_ms ?? 0)] };
  const settings = { run: world.open.run, seed: world.open.seed, malformedPpm: 0 };
  const { histories } = readRunBytes(pipeline, settings, pipeline.topic, worldBytes(changed, applySink(world)));
  return findAnomalies(histories).filter(({ kind }) => kind === "lost-kafka");
}

/** A partition's first batch, acknowledged at offset 0. */
function firstBatch(world: World) {
  const found = world.batches.find(({ start, acknowledged, offset }) => start === 0 && acknowledged && offset === 0);
  if (found === undefined) throw new Error("the fixture has no such batch");
  return found;
}

test("also a partition's first batch must stand at its acknowledged offset, which is 0 for most", () => {
  const world = makeWorld(pipeline, 11, { batches: 30, malformedPpm: 0 });
  const { partition, count } = firstBatch(world);
  expect(lostAfter(world, partition, 0, 0)).toEqual([]);
  // Acknowledged a record further on than it stands.
  expect(lostAfter(world, partition, 0, 1)).toMatchObject([
    { count, detail: `${count} not at the acknowledged offset, where another record stands` },
  ]);
});

test("a first batch that was acknowledged at offset 0, and stands one record further on, is lost as well", () => {
  const world = makeWorld(pipeline, 11, { batches: 30, malformedPpm: 0 });
  const { partition } = firstBatch(world);
  const log = world.log[partition] ?? [];
  const [first] = log;
  if (first === undefined) throw new Error("the fixture has no record");
  // The first record is there twice, so all others stand one offset further on than Kafka acknowledged.
  world.log[partition] = [first, ...log];
  const acknowledged = world.batches
    .filter((batch) => batch.partition === partition && batch.acknowledged)
    .reduce((sum, { count }) => sum + count, 0);
  const settings = { run: world.open.run, seed: world.open.seed, malformedPpm: 0 };
  const { histories } = readRunBytes(pipeline, settings, pipeline.topic, worldBytes(world, applySink(world)));
  const lost = findAnomalies(histories).filter(({ kind }) => kind === "lost-kafka");
  expect(lost).toMatchObject([{ count: acknowledged - 1, ranges: [expect.stringMatching(`^p${partition} #1(-|$)`)] }]);
});
