import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { RUN_FILES, type ProducerStatus } from "../contract/run.ts";
import type { Progress } from "./read-histories.ts";
import { SilenceRequest } from "./silence-request.ts";

const LEASE_MS = 10_000;
/** A status that is older is of a producer that is gone, or stopped. */
const FRESH_MS = 5_000;
const WAIT_MS = 30_000;
const LOOK_EVERY_MS = 100;
/** The producer looks at the file at least every 250 ms: what it says after two looks it says knowing of our request. */
const TWO_LOOKS_MS = 500;

/** States of a producer that may still make events, or begin to. */
const LIVE: ReadonlySet<unknown> = new Set<ProducerStatus["state"]>(["starting", "producing", "quiesced"]);

type SeenStatus = Pick<ProducerStatus, "state" | "at_ms">;
/** `none`: no live producer, nothing was asked · `refused`: the request can't be written · `restless`: it was, and the producer goes on all the same. */
export type SilenceOutcome = "none" | "silent" | "ended" | "refused" | "restless";

/**
 * Asks the producer of a run, if it lives, to be silent while the run is judged. It is asked, not made to: whoever reads must still look whether the ledger grew.
 */
export class ProducerSilence {
  readonly #directory: string;
  readonly #progress: Progress;
  readonly #request: SilenceRequest;
  readonly #waitMs: number;

  /** @param directory where `producer-status.json` is; without that file nothing is asked, nor written. */
  constructor(directory: string, progress: Progress, limits: { leaseMs?: number; waitMs?: number } = {}) {
    this.#directory = directory;
    this.#progress = progress;
    this.#request = new SilenceRequest(directory, limits.leaseMs ?? LEASE_MS);
    this.#waitMs = limits.waitMs ?? WAIT_MS;
  }

  /** Asks, and waits until the producer is silent, or it is clear that it won't be. Whatever it says or throws, `end` must be called. @throws when `signal` aborts. */
  async begin(signal: AbortSignal): Promise<SilenceOutcome> {
    const before = await this.#status();
    if (before === undefined || !LIVE.has(before.state) || Math.abs(Date.now() - before.at_ms) > FRESH_MS) return "none";
    signal.throwIfAborted();
    try {
      this.#request.write();
    } catch (error) {
      this.#progress(`the producer runs and can't be asked for silence: ${(error as Error).message}`);
      return "refused";
    }
    this.#request.keep();
    this.#progress("asked the producer for silence");
    const outcome = await this.#wait(signal);
    if (outcome === "restless") this.#progress(`the producer is not silent after ${Math.round(this.#waitMs / 1000)} s: reading all the same`);
    return outcome;
  }

  /** Lets the producer go on. Idempotent, never throws. */
  async end(): Promise<void> {
    await this.#request.withdraw();
  }

  async #wait(signal: AbortSignal): Promise<SilenceOutcome> {
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
      if (status.state === "quiesced" && status.at_ms > askedMs + TWO_LOOKS_MS) return "silent";
    }
    return "restless";
  }

  /** @returns undefined when there is none, or it can't be read. */
  async #status(): Promise<SeenStatus | undefined> {
    try {
      const status = JSON.parse(await readFile(join(this.#directory, RUN_FILES.producerStatus), "utf8")) as SeenStatus | null;
      return status === null || typeof status.at_ms !== "number" ? undefined : status;
    } catch {
      return undefined;
    }
  }
}
