import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { producerStatusSchema, RUN_FILES, type ProducerStatus } from "../contract/run.ts";
import type { Progress } from "./read/progress.ts";
import { QuiesceRequest } from "./quiesce-request.ts";

const LEASE_MS = 10_000;
/** A status that is older is of a producer that is gone, or stopped. */
const FRESH_MS = 5_000;
const WAIT_MS = 30_000;
const LOOK_EVERY_MS = 100;
/** The producer looks at the file at least every 250 ms: what it says after two looks it says knowing of our request. */
const TWO_LOOKS_MS = 500;

/** States of a producer that may still make events, or begin to. */
const LIVE: ReadonlySet<ProducerStatus["state"]> = new Set(["starting", "producing", "quiesced"]);

/**
 * none: there is no live producer, and no request · quiesced, ended: the ledger stands still · refused: the request can't be written · restless:
 * the producer continues despite the request.
 */
export type QuiesceOutcome = "none" | "quiesced" | "ended" | "refused" | "restless";

/**
 * Asks the producer of a run, if it lives, to quiesce while the run is judged. The producer may not obey, so the caller must still check
 * whether the ledger grew.
 */
export class ProducerQuiesce {
  readonly #directory: string;
  readonly #progress: Progress;
  readonly #request: QuiesceRequest;
  readonly #waitMs: number;

  /** @param directory has `producer-status.json`; without that file nothing is asked and nothing is written. */
  constructor(directory: string, progress: Progress, limits: { leaseMs?: number; waitMs?: number } = {}) {
    this.#directory = directory;
    this.#progress = progress;
    this.#request = new QuiesceRequest(directory, limits.leaseMs ?? LEASE_MS);
    this.#waitMs = limits.waitMs ?? WAIT_MS;
  }

  /**
   * Asks, and waits until the producer is quiesced, or for at most 30 s. Call `end` afterwards, also after an error.
   * @throws the signal's reason when it aborts.
   */
  async begin(signal: AbortSignal): Promise<QuiesceOutcome> {
    const before = await this.#status();
    if (before === undefined || !LIVE.has(before.state) || Math.abs(Date.now() - before.at_ms) > FRESH_MS)
      return "none";
    signal.throwIfAborted();
    try {
      this.#request.write();
    } catch (error) {
      this.#progress(`the producer runs and can't be asked to quiesce: ${(error as Error).message}`);
      return "refused";
    }
    this.#request.keep();
    this.#progress("asked the producer to quiesce");
    const outcome = await this.#wait(signal);
    if (outcome === "restless")
      this.#progress(
        `the producer is not quiesced after ${Math.round(this.#waitMs / 1000)} s: reading without waiting longer`,
      );
    return outcome;
  }

  /** Withdraws the request, so that the producer continues. Idempotent, never throws. */
  async end(): Promise<void> {
    await this.#request.withdraw();
  }

  async #wait(signal: AbortSignal): Promise<QuiesceOutcome> {
    const deadline = performance.now() + this.#waitMs;
    let askedMs = Date.now();
    while (performance.now() < deadline) {
      await sleep(LOOK_EVERY_MS, undefined, { signal });
      // A validator that ended in this very moment may have taken our request with its own.
      if (!this.#request.isHeld()) {
        this.#request.writeIfPossible();
        askedMs = Date.now();
      }
      const status = await this.#status();
      if (status === undefined) continue;
      if (status.state === "done" || status.state === "failed") return "ended";
      if (status.state === "quiesced" && status.at_ms > askedMs + TWO_LOOKS_MS) return "quiesced";
    }
    return "restless";
  }

  /** @returns undefined when there is none, or it is damaged or of another version: a ledger that grows all the same is found later. */
  async #status(): Promise<ProducerStatus | undefined> {
    try {
      const text = await readFile(join(this.#directory, RUN_FILES.producerStatus), "utf8");
      return producerStatusSchema.parse(JSON.parse(text));
    } catch {
      return undefined;
    }
  }
}
