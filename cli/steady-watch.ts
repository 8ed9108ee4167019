import { setTimeout as sleep } from "node:timers/promises";
import { FaultlineError } from "../contract/errors.ts";
import type { Sample } from "../contract/sample.ts";

/** Samples in a row that must show progress on every partition before the pipeline counts as steady. */
const STEADY_SAMPLES = 3;

/** Watches the samples for the conditions that a run waits for. */
export class SteadyWatch {
  readonly #partitions: number;
  #last: Sample | undefined;
  #progressing = 0;

  constructor(partitions: number) {
    this.#partitions = partitions;
  }

  observe(sample: Sample): void {
    const before = this.#last?.next_offsets;
    const now = sample.next_offsets;
    const moved =
      before && now && now.length === this.#partitions && now.every((offset, partition) => offset > (before[partition] ?? Number.POSITIVE_INFINITY));
    this.#progressing = moved ? this.#progressing + 1 : 0;
    this.#last = sample;
  }

  /** Resolves when every partition's rows arrive. @throws FaultlineError FL_NOT_READY, or FL_INTERRUPTED */
  async wait(timeoutMs: number, signal: AbortSignal): Promise<void> {
    const steady = await this.#until(() => this.#progressing >= STEADY_SAMPLES, timeoutMs, signal);
    if (!steady)
      throw new FaultlineError(
        "FL_NOT_READY",
        `rows of all ${this.#partitions} partitions did not arrive within ${timeoutMs / 1000} s (stored: ${this.#last?.rows ?? "unknown"}, acknowledged: ${this.#last?.acknowledged ?? "unknown"})`,
        {
          remedy: "see the driver's and the producer's log (./faultline status); a lower --rate may do",
        },
      );
  }

  /** Waits until a sample from now on shows all of Kafka's log in PostgreSQL; gives up after `timeoutMs`, since judging that is the validator's. */
  async waitUntilStored(timeoutMs: number, signal: AbortSignal): Promise<void> {
    const sinceMs = Date.now();
    await this.#until(() => this.#last !== undefined && this.#last.at_ms > sinceMs + 1_000 && this.#last.lag === 0, timeoutMs, signal);
  }

  async #until(condition: () => boolean, timeoutMs: number, signal: AbortSignal): Promise<boolean> {
    const deadline = Date.now() + timeoutMs;
    while (!condition() && Date.now() < deadline) {
      if (signal.aborted) throw new FaultlineError("FL_INTERRUPTED", "interrupted");
      await sleep(200);
    }
    return condition();
  }
}
