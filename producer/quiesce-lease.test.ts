import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { QuiesceLease } from "./quiesce-lease.ts";

const START_MS = 1_800_000_000_000;
const MINUTE_MS = 60_000;

let directory: string;
let path: string;
let wallMs: number;
let monotonicMs: number;
let problems: string[];
let lease: QuiesceLease;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "faultline-lease-"));
  path = join(directory, "quiesce.json");
  [wallMs, monotonicMs, problems] = [START_MS, 5, []];
  lease = another();
});
afterEach(() => rm(directory, { recursive: true }));

const another = () =>
  new QuiesceLease(path, (problem) => problems.push(problem), { wallMs: () => wallMs, monotonicMs: () => monotonicMs });
const write = (value: unknown) => writeFile(path, typeof value === "string" ? value : JSON.stringify(value));
const request = (untilMs: number) => ({ version: 1, until_ms: untilMs, by: "me" });
const pass = (ms: number) => {
  wallMs += ms;
  monotonicMs += ms;
};

test("a request holds until its time, and no longer; one of the past holds for no time", async () => {
  expect(await lease.holder()).toBeUndefined();
  await write(request(START_MS + 1_000));
  expect(await lease.holder()).toBe("me");
  pass(999);
  expect(await lease.holder()).toBe("me");
  pass(1);
  expect(await lease.holder()).toBeUndefined();
  await write(request(wallMs - 1));
  expect(await lease.holder()).toBeUndefined();
  expect(problems).toEqual([]);
});

test("a renewal holds on, a removal ends it at once", async () => {
  await write(request(START_MS + 1_000));
  await lease.holder();
  pass(900);
  await write(request(wallMs + 1_000));
  await lease.holder();
  pass(900);
  expect(await lease.holder()).toBe("me");
  await rm(path);
  expect(await lease.holder()).toBeUndefined();
});

test("a wrong clock quiesces a producer for ten minutes at most, and a clock that jumps does not lengthen that", async () => {
  await write(request(START_MS + 1_000 * MINUTE_MS));
  expect(await lease.holder()).toBe("me");
  pass(9 * MINUTE_MS);
  wallMs -= 60 * MINUTE_MS;
  expect(await lease.holder()).toBe("me");
  pass(MINUTE_MS);
  expect(await lease.holder()).toBeUndefined();
  pass(MINUTE_MS);
  expect(await lease.holder(), "the same file is no new request").toBeUndefined();
});

test("a producer that was started again honours what is left of a lease", async () => {
  await write(request(START_MS + 1_000));
  pass(600);
  const later = another();
  expect(await later.holder()).toBe("me");
  pass(400);
  expect(await later.holder()).toBeUndefined();
});

test.each([
  ["half a request", '{"version":1,"unt', "not JSON"],
  ["no JSON", "quiesce, please", "not JSON"],
  ["another version", { ...request(START_MS + 1_000), version: 2 }, "version 2 is not known to this build"],
  ["a member too many", { ...request(START_MS + 1_000), forever: true }, "forever"],
  ["a time that is none", { ...request(START_MS), until_ms: "tomorrow" }, "until_ms"],
  ["a novel", { ...request(START_MS + 1_000), by: "x".repeat(10_000) }, "longer than 4096 bytes"],
])("%s is no request, and is told once", async (_, content, why) => {
  await write(content);
  expect(await lease.holder()).toBeUndefined();
  expect(await lease.holder()).toBeUndefined();
  expect(problems).toEqual([expect.stringContaining(`${path}: `)]);
  expect(problems[0]).toContain(why);
  await write(request(START_MS + 1_000));
  expect(await lease.holder()).toBe("me");
  await write(content);
  expect(await lease.holder()).toBeUndefined();
  expect(problems).toHaveLength(2);
});

test("what can't be read is no request", async () => {
  await mkdir(path);
  expect(await lease.holder()).toBeUndefined();
  expect(await lease.holder()).toBeUndefined();
  expect(problems).toHaveLength(1);
});
