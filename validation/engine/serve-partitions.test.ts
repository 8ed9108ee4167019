import { expect, test } from "vitest";
import { emptyHistories, soundPartition } from "../fixture/histories.ts";
import { batchBytes } from "../fixture/read-world.ts";
import type { PartitionSource, TablePart } from "../source/run-source.ts";
import type { PartitionTask } from "./partition-reading.ts";
import type { FromWorker, ToWorker } from "./serve-partitions.ts";
import { servePartitions } from "./serve-partitions.ts";

const CAPTURE = { sequences: 0, offsets: 0 };
const RECORD = { key: Buffer.from("x"), value: Buffer.from("y"), run: 0, event: 0, sequence: 0, json: undefined };
const LOG = batchBytes([RECORD, RECORD]);
const taskOf = (partition: number): ToWorker => ({
  partition,
  range: undefined,
  hasTables: true,
  sink: undefined,
  capture: CAPTURE,
});

/** A thread in this one: messages to it, and what it says. Each partition has rows of event 0, one per chunk. */
function serve({ chunks, nowMs }: { chunks: number; nowMs?: () => number }) {
  const histories = emptyHistories();
  soundPartition(histories, 0, 5);
  const { pipeline, settings, partitions } = histories;
  const said: (FromWorker | "closed" | "source closed")[] = [];
  const asked: TablePart[] = [];
  const heard: ((message: ToWorker) => void)[] = [];
  const port = {
    on: (event: "message", take: (message: ToWorker) => void) => event === "message" && heard.push(take),
    postMessage: (message: FromWorker) => said.push(structuredClone(message)),
    close: () => said.push("closed"),
  };
  const source: PartitionSource = {
    copy: async (part, _signal, chunk) => {
      asked.push(part);
      if (part.of === "rows") for (let at = 0; at < chunks; at++) chunk(Buffer.from("9\t0\tx\n"));
    },
    log: async (_range, _signal, take) => void take(LOG, 0),
    close: async () => void said.push("source closed"),
  };
  const batches = partitions.map((history) => history.batches.share());
  servePartitions(port, { pipeline, settings, topic: "payments", batches }, source, nowMs);
  const tell = async (message: ToWorker) => {
    for (const take of heard) take(message);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { tell, said, asked };
}

test("says how many records were read, by a clock that never jumps", async () => {
  const now = performance.now.bind(performance);
  let ms = 0;
  performance.now = () => (ms += 150);
  try {
    const { tell, said } = serve({ chunks: 0 });
    await tell({ ...(taskOf(0) as PartitionTask), hasTables: false, range: { partition: 0, start: 0, end: 2 } });
    // Not before 200 ms are over.
    expect(said).toMatchObject([{ reading: { logRecords: 2 } }]);
    await tell({ ...(taskOf(1) as PartitionTask), hasTables: false, range: { partition: 1, start: 0, end: 2 } });
    expect(said[1]).toEqual({ rows: 0, records: 4 });
  } finally {
    performance.now = now;
  }
});

test("reads each partition that it is told, by the ledger's batches, and closes its source when told to end", async () => {
  const { tell, said, asked } = serve({ chunks: 1 });
  await tell(taskOf(0));
  await tell(taskOf(3));
  await tell("end");
  const rows = asked.filter((part) => part.of === "rows");
  expect(rows).toEqual([
    { of: "rows", partition: 0 },
    { of: "rows", partition: 3 },
  ]);
  expect(said.slice(-2)).toEqual(["source closed", "closed"]);
  // Event 0 is one that the ledger has.
  const reading = { actualRows: 1, strays: { events: [] } };
  expect(said.slice(0, -2)).toMatchObject([
    { reading: { ...reading, partition: 0 } },
    { reading: { ...reading, partition: 3 } },
  ]);
});

test("says how many rows were read, not more often than five times a second", async () => {
  // Two chunks of rows in each tenth of a second.
  let asks = 0;
  const { tell, said } = serve({ chunks: 9, nowMs: () => (asks++ === 0 ? 0 : Math.floor(asks / 2) * 100) });
  await tell(taskOf(0));
  const progress = said.filter((message) => typeof message !== "string" && "rows" in message);
  expect(progress.length).toBeGreaterThan(1);
  expect(progress.length).toBeLessThan(5);
  expect(progress[0]).toEqual({ rows: 3, records: 0 });
  expect(said.at(-1)).toHaveProperty("reading.actualRows", 9);
});
