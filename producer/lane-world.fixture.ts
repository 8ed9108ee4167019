import assert from "node:assert/strict";
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
export const STEPS = [
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
export type Step = (typeof STEPS)[number];

const BATCHES = 12;

/** One partition's log and one ledger file, which outlive producers. */
export class World {
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
    return Promise.race([killed.then(() => false), lane.run().then(() => true)]);
  }

  replay(): LedgerReplay {
    const replay = new LedgerReplay();
    for (const line of this.ledger.split("\n").slice(0, -1)) {
      const record = decodeLedger(line);
      assert(record !== undefined, line);
      assert.equal(replay.apply(record), undefined);
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
          return step === "fine" ? undefined : kill();
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
    assert.equal(this.#inFlight, 0, "a second batch in flight");
    const { count, firstMs, lastMs } = batch;
    const before = this.sent.get(batch.sequence);
    if (before !== undefined) assert.deepEqual({ count, firstMs, lastMs }, before);
    this.sent.set(batch.sequence, { count, firstMs, lastMs });
    // The ledger knows of exactly this attempt, and of no outcome of it, before the first byte goes.
    const last = this.records().at(-1);
    assert(last?.t === "attempt");
    const { at_ms: _atMs, ...attempt } = last;
    assert.deepEqual(attempt, { t: "attempt", p: 0, s: batch.sequence, n: count, first_ms: firstMs, last_ms: lastMs, a: batch.attempts });
  }
}
