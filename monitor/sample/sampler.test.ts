import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventNumber } from "../../contract/event.ts";
import { encodeLog } from "../../contract/log-line.ts";
import { RUN_FILES, type ProducerStatus, type Run } from "../../contract/run.ts";
import { type Health, healthSchema } from "../../contract/health.ts";
import { decodeSample, type Sample } from "../../contract/sample.ts";
import { LineTail } from "../../machine/line-tail.ts";
import { TestPostgres, until as eventually } from "../fixture/postgres.ts";
import { PostgresConnection } from "../sources/postgres-connection.ts";
import { fault } from "../../report/fixture/recovery.ts";
import { FakeKafka } from "../witness/fixture/fake-kafka.ts";
import { startSampler, type Sampler } from "./sampler.ts";

const INTERVAL_MS = 200;
const RUN = 1_700_000_000;
const PARTITIONS = 2;

let postgres: TestPostgres;
let silentBroker: Server;
let runDirectory: string;
let sampler: Sampler | undefined;
/** What is on disk so far. */
const samples: Sample[] = [];
const told: string[] = [];
const given: { sample: Sample; health: Health; faults: number[] }[] = [];
let follower: LineTail;

const follow = async (): Promise<void> => follower.read((line) => samples.push(decodeSample(line) as Sample));
const last = (): Sample => samples.at(-1) as Sample;
/** Asks again after each look at the file. */
async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  await eventually(async () => {
    await follow();
    return condition();
  });
}
/** Waits for a sample that was begun after now. */
async function nextSample(): Promise<Sample> {
  await follow();
  const index = samples.length + 1;
  await until(() => samples.length > index);
  return samples[index] as Sample;
}

/** Rows of a partition, created some time before they are stored. */
function insertRows(partition: number, firstSequence: number, count: number, ageMs: number): string {
  const first = eventNumber(partition, firstSequence);
  return `INSERT INTO payments SELECT ${RUN}, event, 1, 'purchase', 1, 'EUR', clock_timestamp() - interval '${ageMs} ms', '' FROM generate_series(${first}, ${first + count - 1}) AS event;
    UPDATE sink_offsets SET next_offset = next_offset + ${count}, rows = rows + ${count} WHERE partition = ${partition}`;
}

beforeAll(async () => {
  postgres = await TestPostgres.create();
  await postgres.start();
  await postgres.sql(await readFile(new URL("../../db/init.sql", import.meta.url), "utf8"));
  await postgres.sql(
    "INSERT INTO sink_offsets (target, topic, partition, start_offset, next_offset, generation) VALUES ('payments', 'payments', 0, 0, 0, 1)",
  );
  // What a paused broker is: the kernel accepts, nobody answers.
  silentBroker = createServer(() => undefined);
  await new Promise<void>((resolve) => silentBroker.listen(0, "127.0.0.1", resolve));
  const { port } = silentBroker.address() as { port: number };

  runDirectory = await mkdtemp(join(tmpdir(), "faultline-sampler-"));
  follower = new LineTail(join(runDirectory, RUN_FILES.samples));
  const run: Partial<Run> = {
    version: 1,
    id: "x",
    run: RUN,
    seed: 1,
    malformed_ppm: 0,
    pipeline: "payments",
    pipeline_sha256: "",
    runtime: "local",
  };
  await writeFile(
    join(runDirectory, RUN_FILES.run),
    JSON.stringify({ ...run, trigger: "realtime", created_ms: 0, versions: {} } satisfies Partial<Run>),
  );
  sampler = await startSampler({
    brokers: [`127.0.0.1:${port}`],
    topic: "payments",
    partitions: PARTITIONS,
    target: "payments",
    createdColumn: "created_at",
    identity: { run: "run_id", event: "event_id" },
    postgres: postgres.login,
    runDirectory,
    intervalMs: INTERVAL_MS,
    driverStatusDirectory: runDirectory,
    nodes: [{ name: "monitor", kind: "monitor", address: undefined }],
    onSample: (sample, health, faults) => given.push({ sample, health, faults: faults.map(({ id }) => id) }),
    onSource: (source, problem) => told.push(`${source}: ${problem ?? "answers"}`),
  });
}, 30_000);

afterAll(async () => {
  await sampler?.stop();
  silentBroker.close();
  await postgres.remove();
  await rm(runDirectory, { recursive: true, force: true });
});

test("a broker that never answers is unknown, while all the rest is sampled", async () => {
  const sample = await nextSample();
  expect(sample).toMatchObject({ log_end: null, under_replicated: null, lag: null, rows: 0, dead_letters: 0 });
  expect(told.filter((line) => line.startsWith("kafka"))).toEqual(["kafka: no answer within 160 ms"]);
  const { kafka, latency, producer, sink, nodes } = sample.answered_ms;
  expect([kafka, producer]).toEqual([null, null]);
  for (const ms of [latency, sink, nodes]) {
    expect(ms).toBeGreaterThan(sample.at_ms - INTERVAL_MS);
    expect(ms).toBeLessThanOrEqual(sample.at_ms);
  }
  expect(sample).toMatchObject({ log_ends: null, isr: null, unstored_age_ms: null });
  expect(sample.nodes).toEqual([{ name: "monitor", kind: "monitor", answers: true, role: null }]);
});

test("next offsets are unknown until the sink has every partition", async () => {
  expect((await nextSample()).next_offsets).toBeNull();
  await postgres.sql(
    "INSERT INTO sink_offsets (target, topic, partition, start_offset, next_offset, generation) VALUES ('payments', 'payments', 1, 0, 0, 1)",
  );
  await until(() => last().next_offsets !== null);
  expect(last().next_offsets).toEqual([0, 0]);
});

test("latency is commit time - creation, over the rows stored since the sample before", async () => {
  const from = samples.length;
  await postgres.sql(insertRows(0, 0, 5_000, 400));
  await postgres.sql(insertRows(1, 0, 1, 9_000));
  await until(() => last().rows === 5_001);
  await nextSample();
  const measured = samples.slice(from).filter((sample) => sample.latency_p50_ms !== null);
  expect(measured.length).toBeGreaterThan(0);
  // clock_timestamp() is asked row by row, so the first rows are older than 400 ms by the statement's duration
  expect(Math.min(...measured.map((sample) => sample.latency_p50_ms as number))).toBeGreaterThanOrEqual(400);
  expect(Math.min(...measured.map((sample) => sample.latency_p50_ms as number))).toBeLessThan(1_500);
  expect(Math.max(...measured.map((sample) => sample.latency_max_ms ?? 0))).toBeGreaterThanOrEqual(9_000);
  expect(last().latency_p50_ms).toBeNull();
  expect(last().latency_max_ms).toBeNull();
  expect(last().next_offsets).toEqual([5_000, 1]);
});

test("rows that were stored while nobody could ask are measured afterwards; samples come on time meanwhile", async () => {
  await postgres.signal("SIGSTOP");
  const from = samples.length;
  await until(() => samples.length >= from + 8);
  await postgres.signal("SIGCONT");
  await postgres.sql(insertRows(0, 5_000, 100, 3_000));
  const paused = samples.slice(from + 1, from + 8);
  expect(paused.map((sample) => sample.rows)).toEqual(paused.map(() => null));
  const steps = paused.slice(1).map((sample, index) => sample.at_ms - (paused[index] as Sample).at_ms);
  // One that waited for the server would have come after all eight intervals; a crowded machine may cost one or two.
  expect(Math.max(...steps)).toBeLessThan(4 * INTERVAL_MS);
  await until(() => last().rows === 5_101);
  await until(() => samples.slice(from).some((sample) => (sample.latency_p50_ms ?? 0) >= 3_000));
});

test("after the server was killed the sampler connects again by itself", async () => {
  await postgres.kill();
  await until(() => last().rows === null);
  await postgres.start();
  await until(() => last().rows === 5_101);
  expect(told).toContain("postgres: answers");
});

const readHealth = async (): Promise<Health> =>
  healthSchema.parse(JSON.parse(await readFile(join(runDirectory, RUN_FILES.health), "utf8")));

test("health.json comes with each sample; what is unknown says who was silent", async () => {
  const sample = await nextSample();
  await until(async () => (await readHealth()).at_ms >= sample.at_ms);
  const health = await readHealth();
  expect(given.find((item) => item.sample.at_ms === health.at_ms)?.health).toEqual(health);
  expect(given.map((item) => item.sample)).toEqual(expect.arrayContaining([sample]));
  expect(health.partitions).toHaveLength(PARTITIONS);
  expect(health.partitions[0]).toMatchObject({
    state: "unknown",
    next_offset: 5_100,
    reason: "Kafka did not answer in time",
  });
});

test("the producer's counts and the active faults are in the sample; a stale backlog is not", async () => {
  const status: ProducerStatus = {
    version: 2,
    pid: 1,
    state: "producing",
    at_ms: Date.now(),
    ledger: { lines: 3, crc: "00000000" },
    attempted: 12,
    acknowledged: 10,
    indeterminate: 0,
    backlog: 7,
    throttled: 0,
    last_ack_ms: 0,
    partitions: [],
    error: null,
  };
  await writeFile(join(runDirectory, RUN_FILES.producerStatus), JSON.stringify(status));
  await writeFile(join(runDirectory, RUN_FILES.journal), encodeLog(fault({ id: 5, plannedMs: 1, activeMs: 2 })));
  expect(await nextSample()).toMatchObject({ attempted: 12, acknowledged: 10, backlog: 7, faults: [5] });
  expect(last().answered_ms.producer).toBe(status.at_ms);
  expect(given.at(-1)?.faults).toEqual([5]);
  await writeFile(
    join(runDirectory, RUN_FILES.producerStatus),
    JSON.stringify({ ...status, at_ms: Date.now() - 60_000 }),
  );
  expect(await nextSample()).toMatchObject({ acknowledged: 10, backlog: null });
  await writeFile(join(runDirectory, RUN_FILES.producerStatus), JSON.stringify({ ...status, version: 1 }));
  expect(await nextSample()).toMatchObject({ acknowledged: null, backlog: null });
  expect(told.at(-1)).toContain("producer status: producer-status.json: version 1 is not known to this build");
});

const isLeftOut = (): boolean => told.some((line) => /^sampler: a sample took \d{4} ms and is left out$/.test(line));

test("a sample during which this process stood still is left out, because its figures are old", async () => {
  expect(isLeftOut()).toBe(false);
  // The sampler connects when it asks.
  const asked = new Promise((resolve) => silentBroker.once("connection", resolve));
  await asked;
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_200);
  await until(isLeftOut);
  await nextSample();
});

test("a partition that stood still before this monitor started is stuck at once, with the sink's own error", async () => {
  const kafka = await FakeKafka.start("payments", PARTITIONS);
  const directory = await mkdtemp(join(tmpdir(), "faultline-sampler-"));
  const nowMs = Date.now();
  const rows = { generation: 1, rows: 0, duplicates: 0, dead_letters: 0 };
  await writeFile(
    join(directory, RUN_FILES.witness),
    encodeLog([{ t: "offsets", partition: 0, next_offset: 5_100, ...rows, at_ms: nowMs - 20_000 }]),
  );
  const status = {
    version: 3,
    state: "running",
    holder: null,
    generation: 1,
    trigger: "realtime",
    pid: 1,
    at_ms: nowMs,
    error: null,
  };
  const error = { partition: 0, error: "23514 violates check constraint", at_ms: nowMs - 15_000 };
  await writeFile(join(directory, RUN_FILES.driverStatus), JSON.stringify({ ...status, partitions: [error] }));
  const standby = {
    ...status,
    state: "standby",
    generation: 0,
    partitions: [{ ...error, error: "not by the writer" }],
  };
  await writeFile(join(directory, RUN_FILES.standbyDriverStatus), JSON.stringify(standby));
  await writeFile(join(directory, RUN_FILES.run), await readFile(join(runDirectory, RUN_FILES.run)));
  const logOf = (records: number) =>
    Array.from({ length: records }, (_, index) => ({ key: "k", value: "v", timestampMs: nowMs - 60_000 + index }));
  kafka.append(0, logOf(5_200));
  kafka.append(1, logOf(1));
  const seen: { sample: Sample; health: Health }[] = [];
  const other = await startSampler({
    brokers: [kafka.address],
    topic: "payments",
    partitions: PARTITIONS,
    target: "payments",
    createdColumn: "created_at",
    identity: { run: "run_id", event: "event_id" },
    postgres: postgres.login,
    runDirectory: directory,
    intervalMs: INTERVAL_MS,
    driverStatusDirectory: directory,
    nodes: ["driver", "driver-2"].map((name) => ({ name, kind: "driver", address: undefined })),
    onSample: (sample, health) => seen.push({ sample, health }),
  });
  try {
    await eventually(() => seen.some(({ sample }) => sample.unstored_age_ms?.every((age) => age !== null)));
    const { sample, health } = seen.at(-1) as (typeof seen)[number];
    expect(sample).toMatchObject({ log_ends: [5_200, 1], isr: [1, 1], next_offsets: [5_100, 1], lag: 100 });
    expect(sample.unstored_age_ms?.[1]).toBe(0);
    const age = sample.at_ms - (nowMs - 60_000 + 5_100);
    expect(sample.unstored_age_ms?.[0]).toBe(age);
    expect(health.partitions).toMatchObject([
      { state: "stuck", reason: error.error, unstored_age_ms: age, standstill_ms: sample.at_ms - (nowMs - 20_000) },
      { state: "idle", reason: null, unstored_age_ms: 0 },
    ]);
  } finally {
    await Promise.all([other.stop(), kafka.stop()]);
    await rm(directory, { recursive: true });
  }
});

test("a connection that waits for a silent server can be closed at once", async () => {
  const { port } = silentBroker.address() as { port: number };
  const connection = new PostgresConnection({ ...postgres.login, port }, "test");
  const answer = connection.query("SELECT 1", []).then(
    () => "answered",
    () => "failed",
  );
  await new Promise((resolve) => silentBroker.once("connection", resolve));
  const start = performance.now();
  await connection.close();
  expect(await answer).toBe("failed");
  expect(performance.now() - start).toBeLessThan(1_000);
});

test("a run directory without run.json is refused", async () => {
  const options = {
    brokers: ["127.0.0.1:1"],
    topic: "t",
    partitions: 1,
    target: "t",
    createdColumn: undefined,
    identity: { run: "a", event: "b" },
  };
  await expect(startSampler({ ...options, postgres: postgres.login, runDirectory: tmpdir() })).rejects.toMatchObject({
    code: "FL_RUN_MISSING",
  });
});
