import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventKey, eventNumber } from "../../contract/event.ts";
import { parsePipeline } from "../../contract/pipeline.ts";
import { RUN_FILES, type Run } from "../../contract/run.ts";
import { WitnessGrammar } from "../../contract/witness-grammar.ts";
import { type WitnessOf, type WitnessRecord, witnessReader } from "../../contract/witness.ts";
import { readBatches } from "../../validation/read/record-batch.ts";
import { RangeDigests } from "../../validation/witness/range-digests.ts";
import { TestServer } from "../../validation/fixture/postgres.ts";
import { batchBytes, FakeKafka, type FakeRecord } from "./fixture/fake-kafka.ts";
import { startWitness } from "./witness.ts";

const PIPELINE = parsePipeline(
  await readFile(new URL("../../pipelines/payments.yaml", import.meta.url), "utf8"),
  "payments.yaml",
);
const RUN = 1_700_000_000;
const run: Run = {
  version: 1,
  id: "x",
  run: RUN,
  seed: 1,
  malformed_ppm: 0,
  pipeline: "payments",
  pipeline_sha256: "",
  runtime: "local",
  trigger: "realtime",
  created_ms: 0,
  versions: {},
};

let server: TestServer;
let kafka: FakeKafka;
let directory: string;
let witness: Awaited<ReturnType<typeof startWitness>>;
const told: string[] = [];

async function begin(): Promise<void> {
  witness = await startWitness({
    brokers: [kafka.address],
    topic: PIPELINE.topic,
    pipeline: PIPELINE,
    postgres: server.login,
    runDirectory: directory,
    onProblem: (source, problem) => told.push(`${source}: ${problem ?? "answers"}`),
  });
}

beforeAll(async () => {
  server = await TestServer.start();
  await server.sql(await readFile(new URL("../../db/init.sql", import.meta.url), "utf8"));
  kafka = await FakeKafka.start(PIPELINE.topic, PIPELINE.partitions);
  directory = await mkdtemp(join(tmpdir(), "faultline-witness-"));
  await writeFile(join(directory, RUN_FILES.run), JSON.stringify(run));
  await begin();
});
afterAll(async () => {
  await witness.stop();
  await kafka.stop();
  await server.remove();
  await rm(directory, { recursive: true });
});

/** The lines so far; each must fit behind the others. */
async function lines(): Promise<WitnessRecord[]> {
  const text = await readFile(join(directory, RUN_FILES.witness), "utf8");
  const [reader, grammar] = [witnessReader(), new WitnessGrammar({ run: RUN, partitions: PIPELINE.partitions })];
  return text
    .split("\n")
    .slice(0, -1)
    .map((line) => {
      const record = reader.read(line);
      if (typeof record === "string") throw new Error(`${record}: ${line}`);
      expect(grammar.apply(record), line).toBeUndefined();
      return record;
    });
}

async function of<T extends WitnessRecord["t"]>(t: T): Promise<WitnessOf<T>[]> {
  return (await lines()).filter((line): line is WitnessOf<T> => line.t === t);
}

async function until<T>(look: () => Promise<T | undefined | false>): Promise<T> {
  return expect
    .poll(look, { timeout: 15_000, interval: 50 })
    .toBeTruthy()
    .then(async () => (await look()) as T);
}

function records(partition: number, from: number, count: number, value = "v"): FakeRecord[] {
  return Array.from({ length: count }, (_, index) => ({
    key: eventKey(RUN, partition, from + index),
    value: `${value}${from + index}`,
    timestampMs: RUN * 1000 + from + index,
  }));
}

/** As the sink does: rows, counters and aggregates in one transaction. */
function store(partition: number, from: number, count: number): string {
  const first = eventNumber(partition, from);
  return `BEGIN;
    INSERT INTO payments SELECT ${RUN}, event, 1, 'purchase', 1, 'EUR', '2026-01-01', 'note' FROM generate_series(${first}, ${first + count - 1}) AS event;
    INSERT INTO payments_per_minute VALUES ('2026-01-01', 'purchase', ${partition}, ${count}, ${count}) ON CONFLICT (minute, type, shard) DO UPDATE SET events = payments_per_minute.events + ${count};
    INSERT INTO payments_per_account VALUES (1, ${partition}, ${count}, ${count}) ON CONFLICT (account_id, shard) DO UPDATE SET events = payments_per_account.events + ${count};
    INSERT INTO sink_offsets (target, topic, partition, start_offset, next_offset, generation, rows) VALUES ('payments', 'payments', ${partition}, 0, ${count}, 1, ${count})
      ON CONFLICT (target, topic, partition) DO UPDATE SET next_offset = sink_offsets.next_offset + ${count}, rows = sink_offsets.rows + ${count};
    COMMIT`;
}

test("reads the log: the validator computes the same digest from the same bytes", async () => {
  const first = records(2, 0, 700);
  kafka.append(2, first.slice(0, 300));
  kafka.append(2, first.slice(300));
  const line = await until(async () => (await of("log")).find(({ partition, to }) => partition === 2 && to === 700));
  expect(line).toMatchObject({ from: 0, to: 700, records: 700 });
  const digests = new RangeDigests([{ from: 0, to: 700 }]);
  const bytes = Buffer.concat([batchBytes(first.slice(0, 300), 0), batchBytes(first.slice(300), 300)]);
  readBatches(bytes, 0, 700, { record: (offset, record) => digests.add(offset, record), gap: () => undefined });
  expect(digests.finish()).toEqual([{ from: 0, to: 700, records: 700, digest: line.digest }]);
  const ends = (await of("ends")).filter(({ partition }) => partition === 2);
  expect(ends.at(-1)?.high_watermark).toBe(700);
});

test("before the sink's first claim the tables are looked at, too", async () => {
  const [first] = await until(async () => {
    const told = await of("totals");
    return told.length > 0 && told;
  });
  expect(first).toMatchObject({ next_offset: 0, rows: 0, counted_rows: 0, agree: true, problems: [] });
  expect(first?.aggregates).toEqual({ payments_per_minute: 0, payments_per_account: 0 });
});

test("counters, rows and totals of one moment agree; rows are read soon, and told once", async () => {
  await server.sql(store(2, 0, 700));
  const offsets = await until(async () => (await of("offsets")).find(({ partition }) => partition === 2));
  expect(offsets).toMatchObject({ next_offset: 700, generation: 1, rows: 700, duplicates: 0, dead_letters: 0 });
  const totals = await until(async () => (await of("totals")).find(({ rows }) => rows > 0));
  expect(totals).toMatchObject({ rows: 700, counted_rows: 700, agree: true, problems: [] });
  expect(totals.aggregates).toEqual({ payments_per_minute: 700, payments_per_account: 700 });
  const told = async () => (await of("rows")).filter(({ partition }) => partition === 2);
  await until(async () => (await told()).length > 0);
  const seen = (await of("totals")).length;
  // Read again and again meanwhile, but there is nothing new to tell; that all is as before is told after some seconds.
  await until(async () => (await of("totals")).length > seen);
  expect(await told()).toMatchObject([{ from: 0, to: 700, rows: 700 }]);
});

test("rows that change and change back have another digest meanwhile", async () => {
  const before = (await of("rows")).find(({ from, partition }) => partition === 2 && from === 0);
  await server.sql(`UPDATE payments SET amount_cents = 7 WHERE event_id = ${eventNumber(2, 5)}`);
  const other = await until(async () => (await of("rows")).find(({ digest }) => digest !== before?.digest));
  await server.sql(`UPDATE payments SET amount_cents = 1 WHERE event_id = ${eventNumber(2, 5)}`);
  await until(async () => (await of("rows")).at(-1)?.digest === before?.digest);
  const digests = (await of("rows")).filter(({ partition, from }) => partition === 2 && from === 0);
  expect(new Set(digests.map(({ digest }) => digest)).size).toBe(2);
  expect(other.rows).toBe(700);
});

test("a snapshot in which a row is missing does not agree, and one after it agrees again", async () => {
  await server.sql("UPDATE sink_offsets SET rows = rows + 1, next_offset = next_offset + 1");
  const torn = await until(async () => (await of("totals")).find(({ agree }) => !agree));
  expect(torn.problems[0]).toBe("p2: 700 rows, but sink_offsets says 701");
  await server.sql("UPDATE sink_offsets SET rows = rows - 1, next_offset = next_offset - 1");
  await until(async () => (await of("totals")).at(-1)?.agree);
  const seen = await of("offsets");
  expect(seen.map(({ next_offset: next }) => next)).toEqual([700, 701, 700]);
});

test("a change of an offset lies between two looks; nobody knows since when it is so at the first look", async () => {
  expect((await of("offsets"))[0]).not.toHaveProperty("after_ms");
  const seen = (await of("offsets")).length;
  const beforeMs = Date.now();
  await server.sql("UPDATE sink_offsets SET duplicates = duplicates + 1, next_offset = next_offset + 1");
  const afterMs = Date.now();
  const line = await until(async () => (await of("offsets"))[seen]);
  expect(line.after_ms).toBeLessThanOrEqual(afterMs);
  expect(line.at_ms).toBeGreaterThanOrEqual(beforeMs);
  // Two looks are 50 ms apart, on a machine that has other things to do, too.
  expect(line.at_ms - (line.after_ms ?? 0)).toBeLessThan(1_000);
  await server.sql("UPDATE sink_offsets SET duplicates = duplicates - 1, next_offset = next_offset - 1");
  await until(async () => (await of("offsets")).length > seen + 1);
});

const endsOf2 = async () => (await of("ends")).filter(({ partition }) => partition === 2);

test("a broker that breaks off or is silent is asked again, and nothing is read twice", async () => {
  kafka.cut();
  kafka.isSilent = true;
  await until(async () => told.some((text) => text.startsWith("log: ") && text !== "log: answers"));
  kafka.isSilent = false;
  kafka.append(2, records(2, 700, 50));
  await until(async () => (await of("log")).find(({ to }) => to === 750));
  expect(told.at(-1)).toContain("answers");
  const ranges = (await of("log")).map(({ from, to }) => [from, to]);
  expect(ranges.slice(1).every(([from], index) => from === ranges[index]?.[1])).toBe(true);
});

test("a topic that is made anew and filled again is seen going back", async () => {
  const log = kafka.logs[2];
  if (log === undefined) throw new Error("no log");
  const old = log.batches.splice(0);
  kafka.epoch = 0;
  kafka.topicId = "00000000-0000-4000-8000-000000000002";
  await until(async () => (await endsOf2()).at(-1)?.high_watermark === 0);
  log.batches.push(...old);
  await until(async () => (await of("log")).filter(({ to }) => to === 750).length === 2);
  const ends = (await endsOf2()).map((line) => line.high_watermark);
  expect(ends.filter((end, index) => end !== ends[index - 1])).toEqual([
    ...(ends[0] === 0 ? [0] : []),
    700,
    750,
    0,
    750,
  ]);
});

test("another session goes on behind the last one, after a torn line", async () => {
  await witness.stop();
  expect((await lines()).at(-1)?.t).toBe("close");
  const path = join(directory, RUN_FILES.witness);
  const before = await readFile(path, "utf8");
  await writeFile(path, `${before}{"t":"open","ver`);
  await begin();
  kafka.append(2, records(2, 750, 10));
  const line = await until(async () => (await of("log")).find(({ to }) => to === 760));
  expect(line.from).toBe(750);
  expect((await of("open")).map(({ session }) => session)).toEqual([1, 2]);
  // Between two sessions nobody looked.
  const ofSession = async () => (await lines()).slice((await lines()).findLastIndex(({ t }) => t === "open"));
  const first = await until(async () => (await ofSession()).find(({ t }) => t === "offsets"));
  expect(first).not.toHaveProperty("after_ms");
});

test("a database that dies is asked again", async () => {
  const seen = (await of("offsets")).length;
  const { rows } = await (async () => {
    const client = await server.connect();
    const found = await client.query<{ ended: boolean }>(
      "SELECT pg_terminate_backend(pid) AS ended FROM pg_stat_activity WHERE application_name LIKE 'faultline-witness%'",
    );
    await client.end();
    return found;
  })();
  expect(rows.length).toBe(3);
  await server.sql(store(2, 700, 60));
  await until(async () => (await of("offsets")).at(-1)?.next_offset === 760);
  // Nobody looked while the connection was away, but what was seen before that stays true.
  const [change] = (await of("offsets")).slice(seen);
  expect(change?.after_ms).toBeLessThan(change?.at_ms ?? 0);
  await until(async () => (await of("totals")).at(-1)?.counted_rows === 760);
});

test("a damaged file or one of another run is refused, and not changed", async () => {
  await witness.stop();
  const path = join(directory, RUN_FILES.witness);
  const good = await readFile(path, "utf8");
  const damaged = good.replace('"records":700', '"records":701');
  await writeFile(path, damaged);
  await expect(begin()).rejects.toMatchObject({ code: "FL_CONFIG_INVALID", message: expect.stringContaining("line ") });
  expect(await readFile(path, "utf8")).toBe(damaged);
  await writeFile(path, good);
  await writeFile(join(directory, RUN_FILES.run), JSON.stringify({ ...run, run: RUN + 1 }));
  await expect(begin()).rejects.toMatchObject({
    code: "FL_CONFIG_INVALID",
    message: expect.stringContaining(`line 1: "open" of run ${RUN}, but`),
  });
  await rm(join(directory, RUN_FILES.run));
  await expect(begin()).rejects.toMatchObject({ code: "FL_RUN_MISSING" });
});
