import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type CommitsRecord, decodeCommits } from "../../contract/commits.ts";
import { eventNumber } from "../../contract/event.ts";
import type { FaultHistory } from "../../contract/fault-history.ts";
import { parsePipeline } from "../../contract/pipeline.ts";
import { UNKNOWN_SAMPLE } from "../../contract/sample.ts";
import { TestPostgres, until } from "../fixture/postgres.ts";
import type { ObservedRun } from "../observed.ts";
import { startCommits } from "./commits.ts";

const RUN = 1_700_000_000;
const PIPELINE = parsePipeline(
  await readFile(new URL("../../pipelines/payments.yaml", import.meta.url), "utf8"),
  "payments.yaml",
);
const WINDOW = { beforeMs: 200, afterMs: 200, mostMs: 60_000 };

let postgres: TestPostgres;
let observed: ObservedRun;
let running: { stop(): Promise<void> } | undefined;
const told: (string | undefined)[] = [];

beforeAll(async () => {
  postgres = await TestPostgres.create();
  await postgres.start();
  await postgres.sql(await readFile(new URL("../../db/init.sql", import.meta.url), "utf8"));
  const directory = await mkdtemp(join(tmpdir(), "faultline-commits-"));
  observed = { directory, run: RUN, pipeline: PIPELINE, sample: undefined, health: undefined, faults: [] };
}, 30_000);
afterAll(async () => {
  await running?.stop();
  await postgres.remove();
  await rm(observed.directory, { recursive: true });
});

const begin = async () =>
  (running = await startCommits({
    observed,
    postgres: postgres.login,
    onProblem: (_source, problem) => told.push(problem),
    window: WINDOW,
  }));

/** Rows [from, to) of a partition in one transaction; what lies between the rows is a hole, as of a malformed event. */
const insert = async (partition: number, from: number, to: number, step = 1) =>
  postgres.sql(
    `INSERT INTO payments SELECT ${RUN}, event, 1, 'purchase', 1, 'EUR', clock_timestamp(), ''
     FROM generate_series(${eventNumber(partition, from)}, ${eventNumber(partition, to) - 1}, ${step}) AS event`,
  );
const rest = async (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function records(): Promise<CommitsRecord[]> {
  const text = await readFile(join(observed.directory, "commits.ndjson"), "utf8").catch(() => "");
  return text
    .split("\n")
    .slice(0, -1)
    .map((line) => decodeCommits(line) as CommitsRecord);
}
const readLines = async (fault: number) =>
  (await records()).flatMap((record) => (record.t === "read" && record.fault === fault ? record : []));
const commits = async () => (await records()).flatMap((record) => (record.t === "commit" ? record : []));

/** The same, asked row by row in another way. */
async function truth(partition: number): Promise<Record<string, string>[]> {
  const client = new Client(postgres.login);
  await client.connect();
  const { rows } = await client.query<Record<string, string>>(
    `SELECT event_id % (2::bigint ^ 40)::bigint AS sequence,
       (extract(epoch FROM date_trunc('second', at)) * 1000000 + extract(microseconds FROM at) % 1000000)::bigint AS us
     FROM (SELECT event_id, pg_xact_commit_timestamp(xmin) AS at FROM payments WHERE event_id / (2::bigint ^ 40)::bigint = $1) AS timed
     ORDER BY 1`,
    [partition],
  );
  await client.end();
  return rows;
}

function over(id: number, fromMs: number, toMs: number): FaultHistory {
  const undo = { how: "none" } as unknown as FaultHistory["undo"];
  return {
    id,
    kind: "kill",
    node: "postgres",
    nodeKind: "postgres",
    undo,
    injectedMs: fromMs,
    healedMs: toMs,
    readyMs: toMs,
  };
}
const storedNow = () => {
  const atMs = Date.now();
  const ages = Array.from({ length: PIPELINE.partitions }, () => 0);
  observed.sample = {
    ...UNKNOWN_SAMPLE,
    at_ms: atMs,
    answered_ms: { ...UNKNOWN_SAMPLE.answered_ms, sink: atMs },
    unstored_age_ms: ages,
  };
};

test("reads the exact commit time of every row around a fault, one line for each transaction", async () => {
  await begin();
  await insert(0, 0, 50); // long before
  await rest(WINDOW.beforeMs + 100);
  const injectedMs = Date.now();
  await insert(0, 50, 4_350); // more than two queries
  await insert(0, 4_350, 4_400, 7);
  await insert(1, 0, 3);
  const healedMs = Date.now();
  await rest(10);
  observed.faults = [over(7, injectedMs, healedMs)];
  storedNow();
  await rest(WINDOW.afterMs + 100);
  await insert(0, 4_400, 4_410); // too late
  await until(async () => (await readLines(7)).length === PIPELINE.partitions);

  const ofZero = (await commits()).filter(({ partition }) => partition === 0);
  expect(ofZero.map(({ from_sequence: from, to_sequence: to, rows }) => [from, to, rows])).toEqual([
    [50, 4_350, 4_300],
    [4_350, 4_400, 8],
  ]);
  const rows = await truth(0);
  for (const commit of ofZero) {
    const own = rows.filter(({ sequence }) => +sequence! >= commit.from_sequence && +sequence! < commit.to_sequence);
    expect(own).toHaveLength(commit.rows);
    expect(new Set(own.map(({ us }) => Number(us)))).toEqual(new Set([commit.committed_us]));
  }
  expect(ofZero.every(({ committed_us: us }) => us >= injectedMs * 1000 && us <= (healedMs + 1) * 1000)).toBe(true);
  const [zero, one, two] = await readLines(7);
  expect(zero).toMatchObject({ partition: 0, from_sequence: 50, to_sequence: 4_400 });
  expect(one).toMatchObject({ partition: 1, from_sequence: 0, to_sequence: 3 });
  expect(two).toMatchObject({ partition: 2, from_sequence: 0, to_sequence: 0 });
});

test("nothing is told while all goes well", () => {
  expect(told).toEqual([]);
});

test("a window that overlaps is not read twice; a fault that was not read before a restart is read after it", async () => {
  await running?.stop();
  const before = (await commits()).length;
  const injectedMs = Date.now();
  await insert(0, 4_410, 4_420);
  const healedMs = Date.now();
  await rest(10);
  observed.faults = [...observed.faults, over(8, injectedMs - 60_000, healedMs)];
  storedNow();
  await begin();
  await until(async () => (await readLines(8)).length === PIPELINE.partitions);
  expect((await readLines(8))[0]).toMatchObject({ from_sequence: 0, to_sequence: 4_420 });
  const added = (await commits()).slice(before).filter(({ partition }) => partition === 0);
  expect(added.map(({ from_sequence: from, to_sequence: to }) => [from, to])).toEqual([
    [0, 50],
    [4_400, 4_410],
    [4_410, 4_420],
  ]);
  expect(await readLines(7)).toHaveLength(PIPELINE.partitions);
});

test("a database that is away is asked again; one without commit times is told of once", async () => {
  await postgres.kill();
  observed.faults = [...observed.faults, over(9, Date.now(), Date.now())];
  await rest(10);
  storedNow();
  await until(() => told.length > 0);
  await postgres.start();
  await until(async () => (await readLines(9)).length === PIPELINE.partitions);
  await until(() => told.at(-1) === undefined);
  expect(told).toEqual([expect.any(String), undefined]);

  await postgres.kill();
  await postgres.start({ track_commit_timestamp: "off" });
  told.length = 0;
  observed.faults = [...observed.faults, over(10, Date.now(), Date.now())];
  await rest(10);
  storedNow();
  const untracked = () => told.filter((text) => text?.includes("track_commit_timestamp = off"));
  await until(() => untracked().length > 0);
  await rest(1_500);
  expect(untracked()).toHaveLength(1);
  expect(await readLines(10)).toEqual([]);
});
