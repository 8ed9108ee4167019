import { rm, writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import type { Quiesce } from "../contract/run.ts";
import { BrokerlessWorld } from "./fixture/brokerless.ts";

const SEVERAL_LOOKS_MS = 900;

const inWorld = (story: (world: BrokerlessWorld) => Promise<void>) => BrokerlessWorld.tell(story);

function ask(world: BrokerlessWorld, leaseMs: number): Promise<void> {
  const request: Quiesce = { version: 1, until_ms: Date.now() + leaseMs, by: "test" };
  return writeFile(world.file("quiesce"), JSON.stringify(request));
}

test.concurrent.each([{ rate: 500 }, { rate: 0 }])(
  "at rate $rate the ledger stands still while the producer is asked to quiesce, and only then",
  ({ rate }) =>
    inWorld(async (world) => {
      await world.start({ rate });
      await world.until(({ state }) => state === "producing");
      expect(await world.ledgerGrowth(), "without a request it grows").toBeGreaterThan(0);

      await ask(world, 60_000);
      await world.until(({ state }) => state === "quiesced");
      const quiescedMs = Date.now();
      const { attempted, backlog } = world.status ?? {};
      expect(await world.ledgerGrowth()).toBe(0);
      expect(world.status).toMatchObject({
        attempted,
        acknowledged: attempted,
        backlog,
        indeterminate: 0,
        state: "quiesced",
      });

      await rm(world.file("quiesce"));
      const overMs = Date.now();
      await world.until(({ state }) => state === "producing");
      await world.until(({ acknowledged }) => acknowledged > (attempted ?? 0));
      await sleep(SEVERAL_LOOKS_MS);
      for (const log of world.logs) {
        expect(log.map(({ sequence }) => sequence)).toEqual(log.map((_, index) => index));
        const times = log.map(({ createdMs }) => createdMs);
        expect(times).toEqual(times.toSorted((a, b) => a - b));
        expect(
          times.filter((ms) => ms > quiescedMs && ms < overMs),
          "births due while quiesced are not made up",
        ).toEqual([]);
      }
      expect(world.status?.throttled).toBe(0);
    }),
);

test.concurrent("a lease that nobody renews ends by itself", () =>
  inWorld(async (world) => {
    await world.start({ rate: 500 });
    await ask(world, 1_500);
    await world.until(({ state }) => state === "quiesced");
    await world.until(({ state }) => state === "producing");
    expect(await world.ledgerGrowth()).toBeGreaterThan(0);
  }));

test.concurrent("it is not quiesced before what is in flight has its outcome", () =>
  inWorld(async (world) => {
    const answer = Promise.withResolvers<void>();
    await world.start({ rate: 500 });
    await world.until(({ acknowledged }) => acknowledged > 0);
    world.broker = () => answer.promise;
    await sleep(100);
    await ask(world, 60_000);
    await sleep(SEVERAL_LOOKS_MS);
    expect(world.status?.state).toBe("producing");
    answer.resolve();
    await world.until(({ state }) => state === "quiesced");
    expect(await world.ledgerGrowth()).toBe(0);
  }));

test.concurrent("a producer that starts while it is asked to quiesce makes nothing until the request ends", () =>
  inWorld(async (world) => {
    await ask(world, 60_000);
    await world.start({ rate: 0 });
    await world.until(({ state }) => state === "quiesced");
    await sleep(SEVERAL_LOOKS_MS);
    expect(world.status).toMatchObject({ state: "quiesced", attempted: 0 });
    await rm(world.file("quiesce"));
    await world.until(({ attempted }) => attempted > 0);
  }));

test.concurrent("a quiesced producer stops when it is told to, or when its time has come", () =>
  inWorld(async (world) => {
    await ask(world, 60_000);
    const producer = await world.start({ rate: 500 });
    await world.until(({ state }) => state === "quiesced");
    await producer.stop();
    expect(world.status?.state).toBe("done");
    await (
      await world.start({ rate: 500, untilMs: Date.now() + 500 })
    ).ended;
    expect(world.status?.state).toBe("done");
  }));

test.concurrent("--until-total counts what comes before and after it is quiesced", () =>
  inWorld(async (world) => {
    const { ended } = await world.start({ rate: 1_000, untilTotal: 1_500 });
    await world.until(({ attempted }) => attempted > 0);
    await ask(world, 60_000);
    await world.until(({ state }) => state === "quiesced");
    expect(world.status?.attempted).toBeLessThan(1_500);
    await rm(world.file("quiesce"));
    await ended;
    expect(world.status).toMatchObject({ state: "done", attempted: 1_500, acknowledged: 1_500 });
  }));
