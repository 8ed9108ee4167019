import fc from "fast-check";
import { expect, test } from "vitest";
import type { LedgerRecord } from "../contract/ledger.ts";
import { STEPS, World } from "./fixture/lane-world.ts";
import { Lane, type SendOutcome } from "./lane.ts";

test("whatever happens, and whenever the producer is killed: nothing attempted is forgotten, nothing is sent differently, all is settled in the end", async () => {
  let kills = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom(...STEPS), { maxLength: 60 }), async (steps) => {
      const world = new World(steps);
      for (let lives = 0; !(await world.live()); lives++) {
        kills++;
        expect(lives).toBeLessThan(100);
      }
      const replay = world.replay();
      expect(replay.lanes[0]?.unsettled).toBeUndefined();
      const attempts = new Map<number, number>();
      const failed = new Set<number>();
      const acked = new Set<number>();
      for (const record of world.records()) {
        if (record.t === "attempt") for (let s = record.s; s < record.s + record.n; s++) attempts.set(s, record.a);
        if (record.t === "failed") for (let s = record.s; s < record.s + record.n; s++) failed.add(s);
        if (record.t === "ack")
          for (let index = 0; index < record.n; index++) {
            expect(world.log[record.o + index], `offset ${record.o + index}`).toBe(record.s + index);
            acked.add(record.s + index);
          }
      }
      expect([...attempts.keys()]).toEqual(
        Array.from({ length: replay.lanes[0]?.nextSequence ?? 0 }, (_, sequence) => sequence),
      );
      for (const [sequence, count] of attempts) {
        expect(acked.has(sequence) !== failed.has(sequence), `sequence ${sequence} has one final outcome`).toBe(true);
        const copies = world.log.filter((item) => item === sequence).length;
        expect(copies).toBeLessThanOrEqual(count);
      }
      for (const sequence of world.log) expect(attempts.has(sequence), `phantom ${sequence}`).toBe(true);
    }),
    { numRuns: 200 },
  );
  expect(kills, "the scenarios did kill producers").toBeGreaterThan(100);
});

test("without its ledger line nothing is sent", async () => {
  let sends = 0;
  const lane = new Lane(
    0,
    { nextSequence: 0, unsettled: undefined },
    {
      openChannel: async () => ({ worn: false, close: () => {}, send: async () => ({ kind: "ack", offset: sends++ }) }),
      ledger: { attempt: () => Promise.reject(new Error("disk full")), append: () => {} },
      nextBatch: async (sequence) => ({ sequence, count: 1, firstMs: 0, lastMs: 0, attempts: 0 }),
      pause: async () => {},
      nowMs: () => 0,
      onAttempt: () => {},
      onOutcome: () => {},
      onChannelError: () => {},
    },
  );
  await expect(lane.run()).rejects.toThrow("disk full");
  expect(sends).toBe(0);
});

test("abandoned while it waits for an answer, a lane declares the batch indeterminate and ends", async () => {
  const lines: LedgerRecord[] = [];
  const answer = Promise.withResolvers<SendOutcome>();
  const lane = new Lane(
    0,
    { nextSequence: 0, unsettled: undefined },
    {
      openChannel: async () => ({
        worn: false,
        close: () => answer.resolve({ kind: "indeterminate", why: "stopped" }),
        send: () => answer.promise,
      }),
      ledger: { attempt: async (record) => void lines.push(record), append: (record) => void lines.push(record) },
      nextBatch: async (sequence) => ({ sequence, count: 1, firstMs: 0, lastMs: 0, attempts: 0 }),
      pause: async () => {},
      nowMs: () => 0,
      onAttempt: () => {},
      onOutcome: () => {},
      onChannelError: () => {},
    },
  );
  const run = lane.run();
  await expect.poll(() => lane.state).toBe("sending");
  lane.abandon();
  await run;
  expect(lines.map((line) => line.t)).toEqual(["attempt", "indeterminate"]);
});
