import { chmod, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { RUN_FILES, type ProducerStatus } from "../contract/run.ts";
import { BrokerlessWorld } from "../producer/fixture/brokerless.ts";
import { ProducerQuiesce } from "./producer-quiesce.ts";
import { validate, type ValidateOptions } from "./validate.ts";

const RATE = 500;
const inWorld = (story: (world: BrokerlessWorld) => Promise<void>) => BrokerlessWorld.tell(story);
const never = new AbortController().signal;

/** A validator's side, and what it said. */
function listener(world: BrokerlessWorld, limits?: { leaseMs?: number; waitMs?: number }) {
  const said: string[] = [];
  return { said, quiesce: new ProducerQuiesce(world.directory, (text) => said.push(text), limits) };
}

async function started(world: BrokerlessWorld, isDeaf = false): Promise<void> {
  await world.start({ rate: RATE, isDeaf });
  await world.until(({ acknowledged }) => acknowledged > 0);
}

const hasRequest = async (world: BrokerlessWorld) =>
  (await readdir(world.directory)).some((name) => name.startsWith(RUN_FILES.quiesce));

test.concurrent("the ledger of a live producer grows, unless it was asked to quiesce; afterwards it goes on", () =>
  inWorld(async (world) => {
    await started(world);
    expect(await world.ledgerGrowth()).toBeGreaterThan(0);
    const { quiesce, said } = listener(world);
    expect(await quiesce.begin(never)).toBe("quiesced");
    expect(said).toEqual(["asked the producer to quiesce"]);
    expect(await world.ledgerGrowth()).toBe(0);
    await quiesce.end();
    expect(await hasRequest(world)).toBe(false);
    await world.until(({ state }) => state === "producing");
    expect(await world.ledgerGrowth()).toBeGreaterThan(0);
  }));

test.concurrent("two validators: the first to end does not end the other's request", () =>
  inWorld(async (world) => {
    await started(world);
    const [first, second, third] = [1, 2, 3].map(() => listener(world, { leaseMs: 3_000 }).quiesce) as [
      ProducerQuiesce,
      ProducerQuiesce,
      ProducerQuiesce,
    ];
    expect(await Promise.all([first.begin(never), second.begin(never)])).toEqual(["quiesced", "quiesced"]);
    const bytes = world.ledgerBytes;
    await first.end();
    expect(await world.ledgerGrowth()).toBe(0);
    // One that comes while the last one goes.
    const [outcome] = await Promise.all([third.begin(never), second.end()]);
    expect(outcome).toBe("quiesced");
    expect(await world.ledgerGrowth()).toBe(0);
    expect(world.ledgerBytes).toBe(bytes);
    await third.end();
    await world.until(({ state }) => state === "producing");
  }));

test.concurrent("a producer that goes on all the same is not waited for for ever", () =>
  inWorld(async (world) => {
    await started(world, true);
    const { quiesce, said } = listener(world, { waitMs: 1_000 });
    expect(await quiesce.begin(never)).toBe("restless");
    expect(said.at(-1)).toContain("not quiesced after 1 s");
    expect(await world.ledgerGrowth()).toBeGreaterThan(0);
    await quiesce.end();
    expect(await hasRequest(world)).toBe(false);
  }));

test.concurrent("a validator that dies leaves its lease, and the producer goes on when that is over", () =>
  inWorld(async (world) => {
    await started(world);
    const { quiesce } = listener(world, { leaseMs: 1_500 });
    await quiesce.begin(never);
    // Dead: nobody renews any more, and the file stays.
    const request = { version: 1, until_ms: Date.now() + 1_000, by: "the dead" };
    await quiesce.end();
    await writeFile(world.file("quiesce"), JSON.stringify(request));
    await world.until(({ state }) => state === "producing");
    expect(await hasRequest(world)).toBe(true);
  }));

test.concurrent("an interrupted wait takes the request back", () =>
  inWorld(async (world) => {
    await started(world, true);
    const { quiesce } = listener(world);
    const interrupt = new AbortController();
    const wait = quiesce.begin(interrupt.signal);
    await expect.poll(() => hasRequest(world)).toBe(true);
    interrupt.abort();
    await expect(wait).rejects.toThrow("aborted");
    await quiesce.end();
    expect(await hasRequest(world)).toBe(false);
  }));

test.concurrent("a producer that ends instead is as good", () =>
  inWorld(async (world) => {
    const { stop } = await world.start({ rate: RATE, isDeaf: true });
    await world.until(({ acknowledged }) => acknowledged > 0);
    const { quiesce } = listener(world);
    const [outcome] = await Promise.all([quiesce.begin(never), stop()]);
    expect(outcome).toBe("ended");
    await quiesce.end();
  }));

const fresh: ProducerStatus = {
  version: 2,
  pid: 1,
  state: "producing",
  at_ms: Date.now() + 3_000,
  ledger: { lines: 0, crc: "00000000" },
  attempted: 1,
  acknowledged: 1,
  indeterminate: 0,
  backlog: 0,
  throttled: 0,
  last_ack_ms: 1,
  partitions: [],
  error: null,
};

test.concurrent("a live producer is asked, by its status alone", () =>
  inWorld(async (world) => {
    await writeFile(world.file("producerStatus"), JSON.stringify(fresh));
    const { quiesce } = listener(world, { waitMs: 200 });
    expect(await quiesce.begin(never)).toBe("restless");
    await quiesce.end();
  }));

test.concurrent.each([
  ["there is no status", undefined],
  ["it is damaged", '{"state":"prod'],
  ["it is of another version", { ...fresh, version: 1 }],
  ["it is old", { ...fresh, at_ms: Date.now() - 6_000 }],
  ["it is of one that has ended", { ...fresh, state: "done" }],
])("nobody is asked when %s", (_, status) =>
  inWorld(async (world) => {
    if (status !== undefined)
      await writeFile(world.file("producerStatus"), typeof status === "string" ? status : JSON.stringify(status));
    const { quiesce, said } = listener(world);
    expect(await quiesce.begin(never)).toBe("none");
    await quiesce.end();
    expect([said, await hasRequest(world)]).toEqual([[], false]);
  }),
);

test("one that must not write in the run directory says so and goes on", () =>
  inWorld(async (world) => {
    await started(world);
    const { quiesce, said } = listener(world);
    const isRoot = process.geteuid?.() === 0;
    await chmod(world.directory, isRoot ? 0o755 : 0o555);
    if (isRoot) process.seteuid?.(65_534);
    try {
      expect(await quiesce.begin(never)).toBe("refused");
    } finally {
      if (isRoot) process.seteuid?.(0);
      await chmod(world.directory, 0o755);
    }
    expect(said).toEqual([expect.stringMatching(/can't be asked to quiesce: EACCES/)]);
    await quiesce.end();
    expect(await hasRequest(world)).toBe(false);
  }));

/** Neither Kafka nor PostgreSQL is there: what is of interest is what the verdict says of the ledger. */
const nowhere: Omit<ValidateOptions, "ledgerFile" | "pipeline"> = {
  brokers: ["127.0.0.1:1"],
  postgres: { host: "127.0.0.1", port: 1, database: "d", user: "u", password: "p" },
  quietTimeoutMs: 0,
  allowNoFaults: true,
};
const GREW = expect.stringContaining("the ledger grew");

test.concurrent("validate: beside a ledger without a status nobody is asked, and the ledger grows; in a run directory it does not", () =>
  inWorld(async (world) => {
    await world.start({ rate: 0 });
    await world.until(({ acknowledged }) => acknowledged > 0);
    const elsewhere = `${world.directory}-elsewhere.ndjson`;
    await symlink(world.file("ledger"), elsewhere);
    try {
      const unasked = await validate({ ...nowhere, ledgerFile: elsewhere, pipeline: world.file("pipeline") });
      expect(unasked.reasons).toEqual(expect.arrayContaining([GREW]));
    } finally {
      await rm(elsewhere);
    }
    for (const named of [
      { runDirectory: world.directory },
      { ledgerFile: join(world.directory, RUN_FILES.ledger), pipeline: world.file("pipeline") },
    ]) {
      const asked = await validate({ ...nowhere, ...named });
      expect(asked.reasons).not.toEqual(expect.arrayContaining([GREW]));
      expect(asked.counts.indeterminate).toBe(0);
      expect(await hasRequest(world)).toBe(false);
      await world.until(({ state }) => state === "producing");
    }
  }));
