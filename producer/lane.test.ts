import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeLedger, encodeLedger, type LedgerOpen, type LedgerRecord } from "../contract/ledger.ts";
import { Lane, type Channel, type LanePorts, type SendOutcome } from "./lane.ts";
import { LedgerReplay, type Batch } from "./ledger-replay.ts";

const opening: LedgerOpen = {
  t: "open",
  version: 1,
  run: 1,
  seed: 1,
  malformed_ppm: 0,
  pipeline: "p",
  pipeline_sha256: "",
  topic: "t",
  partitions: 1,
  pid: 1,
  at_ms: 0,
};

/** What happens at the next thing that the lane does outside. The "kill" steps are SIGKILLs of the producer at that point. */
const STEPS = [
  "fine",
  "fine",
  "fine",
  "no-connection",
  "answer-lost",
  "not-appended",
  "appended-late",
  "refused",
  "kill-before-attempt",
  "kill-in-attempt",
  "kill-after-attempt",
  "kill-after-append",
  "kill-before-outcome",
] as const;
type Step = (typeof STEPS)[number];

const BATCHES = 12;

/** One partition's log and one ledger file, which outlive producers. */
class World {
  ledger = encodeLedger(opening);
  readonly log: number[] = [];
  readonly sent = new Map<number, Pick<Batch, "count" | "firstMs" | "lastMs">>();
  readonly #steps: Step[];
  #inFlight = 0;
  #late: Batch[] = [];
  #batchesLeft = BATCHES;
  #time = 0;

  constructor(steps: Step[]) {
    this.#steps = [...steps];
  }

  /** One producer's life. @returns whether it ended in order. */
  async live(): Promise<boolean> {
    const replay = this.replay();
    const history = replay.lanes[0] as NonNullable<(typeof replay.lanes)[0]>;
    this.ledger = this.ledger.slice(0, this.ledger.lastIndexOf("\n") + 1) + encodeLedger(opening);
    const { unsettled } = history;
    if (unsettled?.hasOutcome === false)
      this.ledger += encodeLedger({ t: "indeterminate", p: 0, s: unsettled.sequence, n: unsettled.count, why: "died", at_ms: 0 });
    this.#inFlight = 0;
    const { promise: killed, resolve } = Promise.withResolvers<void>();
    let dead = false;
    const kill = (): Promise<never> => {
      dead = true;
      resolve();
      return new Promise(() => {});
    };
    const lane = new Lane(
      0,
      history,
      this.#ports(kill, () => dead),
    );
    let ended = false;
    await Promise.race([
      killed,
      lane.run().then(() => {
        ended = true;
      }),
    ]);
    return ended;
  }

  replay(): LedgerReplay {
    const replay = new LedgerReplay();
    for (const line of this.ledger.split("\n").slice(0, -1)) {
      const record = decodeLedger(line);
      expect(record, line).toBeDefined();
      expect(replay.apply(record as LedgerRecord)).toBeUndefined();
    }
    return replay;
  }

  records(): LedgerRecord[] {
    return this.ledger
      .split("\n")
      .slice(0, -1)
      .map((line) => decodeLedger(line) as LedgerRecord);
  }

  #step(...here: Step[]): Step {
    const at = this.#steps.findIndex((step) => here.includes(step) || step === "fine");
    return at < 0 ? "fine" : (this.#steps.splice(at, 1)[0] as Step);
  }

  #ports(kill: () => Promise<never>, dead: () => boolean): LanePorts {
    return {
      openChannel: async () => {
        if (dead()) return kill();
        if (this.#step("no-connection") === "no-connection") throw new Error("connection refused");
        return this.#channel(kill);
      },
      ledger: {
        attempt: async (record) => {
          if (dead()) return kill();
          const line = encodeLedger(record);
          const step = this.#step("kill-before-attempt", "kill-in-attempt", "kill-after-attempt");
          if (step === "kill-before-attempt") return kill();
          this.ledger += step === "kill-in-attempt" ? line.slice(0, line.length / 2) : line;
          if (step !== "fine") return kill();
        },
        append: (record) => {
          if (dead()) return;
          if (this.#step("kill-before-outcome") === "kill-before-outcome") void kill();
          else this.ledger += encodeLedger(record);
        },
      },
      nextBatch: async (sequence) => {
        if (dead()) return kill();
        if (this.#batchesLeft-- <= 0) return undefined;
        const firstMs = (this.#time += 10);
        return { sequence, count: 1 + (firstMs % 3), firstMs, lastMs: firstMs + 5, attempts: 0 };
      },
      pause: () => (dead() ? kill() : Promise.resolve()),
      nowMs: () => this.#time,
      onAttempt: () => {},
      onOutcome: () => {},
      onChannelError: () => {},
    };
  }

  #channel(kill: () => Promise<never>): Channel {
    return {
      worn: false,
      close: () => {},
      send: async (batch): Promise<SendOutcome> => {
        this.#checkSend(batch);
        this.#inFlight++;
        await Promise.resolve();
        this.#inFlight--;
        const step = this.#step("answer-lost", "not-appended", "appended-late", "refused", "kill-after-append");
        if (step === "refused") return { kind: "failed", why: "too large", tooLarge: true };
        if (step === "not-appended") return { kind: "indeterminate", why: "timeout" };
        if (step === "appended-late") {
          this.#late.push(batch);
          return { kind: "indeterminate", why: "timeout" };
        }
        for (const late of this.#late.splice(0)) this.#append(late);
        const offset = this.#append(batch);
        if (step === "kill-after-append") return kill();
        return step === "answer-lost" ? { kind: "indeterminate", why: "disconnect" } : { kind: "ack", offset };
      },
    };
  }

  #append(batch: Batch): number {
    const offset = this.log.length;
    for (let index = 0; index < batch.count; index++) this.log.push(batch.sequence + index);
    return offset;
  }

  #checkSend(batch: Batch): void {
    expect(this.#inFlight, "batches in flight").toBe(0);
    const { count, firstMs, lastMs } = batch;
    const before = this.sent.get(batch.sequence);
    if (before !== undefined) expect({ count, firstMs, lastMs }).toEqual(before);
    this.sent.set(batch.sequence, { count, firstMs, lastMs });
    // The ledger knows of exactly this attempt, and of no outcome of it, before the first byte goes.
    expect(this.records().at(-1)).toMatchObject({ t: "attempt", s: batch.sequence, n: count, first_ms: firstMs, last_ms: lastMs, a: batch.attempts });
  }
}

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
      expect([...attempts.keys()]).toEqual(Array.from({ length: replay.lanes[0]?.nextSequence ?? 0 }, (_, sequence) => sequence));
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
  let settle: (outcome: SendOutcome) => void = () => {};
  const lane = new Lane(
    0,
    { nextSequence: 0, unsettled: undefined },
    {
      openChannel: async () => ({
        worn: false,
        close: () => settle({ kind: "indeterminate", why: "stopped" }),
        send: () =>
          new Promise((resolve) => {
            settle = resolve;
          }),
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
