import { chmod, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { RUN_FILES } from "../contract/run.ts";
import { BrokerlessWorld } from "../producer/brokerless.fixture.ts";
import { ProducerSilence } from "./producer-silence.ts";
import { validate, type ValidateOptions } from "./validate.ts";

const RATE = 500;
const inWorld = (story: (world: BrokerlessWorld) => Promise<void>) => BrokerlessWorld.tell(story);
const never = new AbortController().signal;

/** A validator's side, and what it said. */
function listener(world: BrokerlessWorld, limits?: { leaseMs?: number; waitMs?: number }) {
  const said: string[] = [];
  return { said, silence: new ProducerSilence(world.directory, (text) => said.push(text), limits) };
}

async function started(world: BrokerlessWorld, isDeaf = false): Promise<void> {
  await world.start({ rate: RATE, isDeaf });
  await world.until(({ acknowledged }) => acknowledged > 0);
}

const hasRequest = async (world: BrokerlessWorld) => (await readdir(world.directory)).some((name) => name.startsWith(RUN_FILES.quiesce));

test.concurrent("the ledger of a live producer grows, unless it was asked for silence; afterwards it goes on", () =>
  inWorld(async (world) => {
    await started(world);
    expect(await world.ledgerGrowth()).toBeGreaterThan(0);
    const { silence, said } = listener(world);
    expect(await silence.begin(never)).toBe("silent");
    expect(said).toEqual(["asked the producer for silence"]);
    expect(await world.ledgerGrowth()).toBe(0);
    await silence.end();
    expect(await hasRequest(world)).toBe(false);
    await world.until(({ state }) => state === "producing");
    expect(await world.ledgerGrowth()).toBeGreaterThan(0);
  }));

test.concurrent("two validators: the first to end does not end the other's silence", () =>
  inWorld(async (world) => {
    await started(world);
    const [first, second, third] = [1, 2, 3].map(() => listener(world, { leaseMs: 3_000 }).silence) as [ProducerSilence, ProducerSilence, ProducerSilence];
    expect(await Promise.all([first.begin(never), second.begin(never)])).toEqual(["silent", "silent"]);
    const bytes = world.ledgerBytes;
    await first.end();
    expect(await world.ledgerGrowth()).toBe(0);
    // One that comes while the last one goes.
    const [outcome] = await Promise.all([third.begin(never), second.end()]);
    expect(outcome).toBe("silent");
    expect(await world.ledgerGrowth()).toBe(0);
    expect(world.ledgerBytes).toBe(bytes);
    await third.end();
    await world.until(({ state }) => state === "producing");
  }));

test.concurrent("a producer that goes on all the same is not waited for for ever", () =>
  inWorld(async (world) => {
    await started(world, true);
    const { silence, said } = listener(world, { waitMs: 1_000 });
    expect(await silence.begin(never)).toBe("restless");
    expect(said.at(-1)).toContain("not silent after 1 s");
    expect(await world.ledgerGrowth()).toBeGreaterThan(0);
    await silence.end();
    expect(await hasRequest(world)).toBe(false);
  }));

test.concurrent("a validator that dies leaves its lease, and the producer goes on when that is over", () =>
  inWorld(async (world) => {
    await started(world);
    const { silence } = listener(world, { leaseMs: 1_500 });
    await silence.begin(never);
    // Dead: nobody renews any more, and the file stays.
    const request = { version: 1, until_ms: Date.now() + 1_000, by: "the dead" };
    await silence.end();
    await writeFile(world.file("quiesce"), JSON.stringify(request));
    await world.until(({ state }) => state === "producing");
    expect(await hasRequest(world)).toBe(true);
  }));

test.concurrent("an interrupted wait takes the request back", () =>
  inWorld(async (world) => {
    await started(world, true);
    const { silence } = listener(world);
    const interrupt = new AbortController();
    const wait = silence.begin(interrupt.signal);
    await expect.poll(() => hasRequest(world)).toBe(true);
    interrupt.abort();
    await expect(wait).rejects.toThrow("aborted");
    await silence.end();
    expect(await hasRequest(world)).toBe(false);
  }));

test.concurrent("a producer that ends instead is as good", () =>
  inWorld(async (world) => {
    const { stop } = await world.start({ rate: RATE, isDeaf: true });
    await world.until(({ acknowledged }) => acknowledged > 0);
    const { silence } = listener(world);
    const [outcome] = await Promise.all([silence.begin(never), stop()]);
    expect(outcome).toBe("ended");
    await silence.end();
  }));

test.concurrent.each([
  ["there is no status", undefined],
  ["it is damaged", '{"state":"prod'],
  ["it is old", { state: "producing", at_ms: Date.now() - 6_000 }],
  ["it is of one that has ended", { state: "done", at_ms: Date.now() + 3_000 }],
])("nobody is asked when %s", (_, status) =>
  inWorld(async (world) => {
    if (status !== undefined) await writeFile(world.file("producerStatus"), typeof status === "string" ? status : JSON.stringify(status));
    const { silence, said } = listener(world);
    expect(await silence.begin(never)).toBe("none");
    await silence.end();
    expect([said, await hasRequest(world)]).toEqual([[], false]);
  }),
);

test("one that must not write in the run directory says so and goes on", () =>
  inWorld(async (world) => {
    await started(world);
    const { silence, said } = listener(world);
    const isRoot = process.geteuid?.() === 0;
    await chmod(world.directory, isRoot ? 0o755 : 0o555);
    if (isRoot) process.seteuid?.(65_534);
    try {
      expect(await silence.begin(never)).toBe("refused");
    } finally {
      if (isRoot) process.seteuid?.(0);
      await chmod(world.directory, 0o755);
    }
    expect(said).toEqual([expect.stringMatching(/can't be asked for silence: EACCES/)]);
    await silence.end();
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
    for (const named of [{ runDirectory: world.directory }, { ledgerFile: join(world.directory, RUN_FILES.ledger), pipeline: world.file("pipeline") }]) {
      const asked = await validate({ ...nowhere, ...named });
      expect(asked.reasons).not.toEqual(expect.arrayContaining([GREW]));
      expect(asked.counts.indeterminate).toBe(0);
      expect(await hasRequest(world)).toBe(false);
      await world.until(({ state }) => state === "producing");
    }
  }));
