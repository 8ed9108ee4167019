import { mkdtemp, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { quiesceSchema, type Quiesce } from "../contract/run.ts";
import { QuiesceRequest } from "./quiesce-request.ts";

const LEASE_MS = 10_000;
const MINUTE_MS = 60_000;

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "faultline-request-"));
});
afterEach(() => rm(directory, { recursive: true }));

const path = () => join(directory, "quiesce.json");
const current = async () => quiesceSchema.parse(JSON.parse(await readFile(path(), "utf8")));
const foreign = (untilMs: number) =>
  writeFile(path(), JSON.stringify({ version: 1, until_ms: untilMs, by: "a person" } satisfies Quiesce));
const request = (leaseMs = LEASE_MS) => new QuiesceRequest(directory, leaseMs);

test("a request is one file that all can read, and a withdrawal leaves nothing", async () => {
  const ours = request();
  const before = Date.now();
  ours.write();
  const { until_ms: untilMs, by } = await current();
  expect(untilMs).toBeGreaterThanOrEqual(before + LEASE_MS);
  expect(untilMs).toBeLessThanOrEqual(Date.now() + LEASE_MS);
  expect(by).toMatch(/^validation-[0-9a-f]{12}$/);
  expect((await stat(path())).mode & 0o777).toBe(0o644);
  expect(await readdir(directory)).toEqual(["quiesce.json"]);
  await ours.withdraw();
  expect(await readdir(directory)).toEqual([]);
  await ours.withdraw();
});

test("the first of two that withdraws leaves the other's request, also when it wrote last", async () => {
  const [first, second] = [request(), request()];
  first.write();
  second.write();
  first.write();
  await first.withdraw();
  expect([first.isHeld(), second.isHeld()]).toEqual([false, true]);
  await second.withdraw();
  expect(await readdir(directory)).toEqual([]);
});

test("many that end in the same instant leave nothing", async () => {
  const all = Array.from({ length: 5 }, () => request());
  for (const one of all) one.write();
  expect((await current()).by.split(", ")).toHaveLength(5);
  await Promise.all(all.map((one) => one.withdraw()));
  expect(await readdir(directory)).toEqual([]);
});

test("what is not ours is not removed", async () => {
  const ours = request();
  ours.write();
  await foreign(Date.now() + MINUTE_MS);
  await ours.withdraw();
  expect((await current()).by).toBe("a person");
});

test("a longer lease of another is not shortened, and stays when ours ends", async () => {
  const untilMs = Date.now() + 5 * MINUTE_MS;
  await foreign(untilMs);
  const ours = request();
  ours.write();
  expect(await current()).toMatchObject({ until_ms: untilMs, by: expect.stringMatching(/^a person, validation-/) });
  await ours.withdraw();
  expect(await current()).toEqual({ version: 1, until_ms: untilMs, by: "a person" });
});

test.each([
  ["one that is over", () => foreign(Date.now() - 1)],
  ["one by a wrong clock", () => foreign(Date.now() + 1_000 * MINUTE_MS)],
  ["a damaged one", () => writeFile(path(), '{"version":1')],
])("%s is replaced", async (_, prepare) => {
  await prepare();
  const ours = request();
  ours.write();
  expect((await current()).until_ms).toBeLessThanOrEqual(Date.now() + LEASE_MS);
  await ours.withdraw();
  expect(await readdir(directory)).toEqual([]);
});

test("it is renewed until it is withdrawn, and put back when it was taken away", async () => {
  const ours = request(2_000);
  ours.write();
  ours.keep();
  const { until_ms: firstMs } = await current();
  await expect.poll(async () => (await current()).until_ms, { timeout: 5_000 }).toBeGreaterThan(firstMs);
  await rm(path());
  await expect.poll(() => ours.isHeld(), { timeout: 5_000 }).toBe(true);
  await ours.withdraw();
  expect(await readdir(directory)).toEqual([]);
});

test("a busy event loop does not let it lapse", async () => {
  const leaseMs = 1_500;
  const ours = request(leaseMs);
  ours.write();
  ours.keep();
  let lapses = 0;
  for (let turn = 0; turn < 12; turn++) {
    const end = performance.now() + leaseMs / 5;
    while (performance.now() < end);
    if ((await current()).until_ms <= Date.now()) lapses++;
    await setImmediate();
  }
  await ours.withdraw();
  expect(lapses).toBe(0);
});

test("names of the dead don't pile up", async () => {
  for (let index = 0; index < 40; index++) request().write();
  expect((await current()).by.split(", ")).toHaveLength(16);
});
