import { FaultlineError } from "../contract/errors.ts";
import type { Sample } from "../contract/sample.ts";
import { waitUntil } from "../machine/clock.ts";

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
      before &&
      now &&
      now.length === this.#partitions &&
      now.every((offset, partition) => offset > (before[partition] ?? Number.POSITIVE_INFINITY));
    this.#progressing = moved ? this.#progressing + 1 : 0;
    this.#last = sample;
  }

  /** Resolves when rows of every partition arrive. @throws FaultlineError FL_NOT_READY, or FL_INTERRUPTED */
  async wait(timeoutMs: number, signal: AbortSignal): Promise<void> {
    if (await this.#until(() => this.#progressing >= STEADY_SAMPLES, timeoutMs, signal)) return;
    if (this.#last === undefined)
      throw new FaultlineError("FL_NOT_READY", `no sample of the run came within ${timeoutMs / 1000} s`, {
        remedy: "the node monitor takes them: read its log (./faultline status names it)",
      });
    const { rows, acknowledged } = this.#last;
    throw new FaultlineError(
      "FL_NOT_READY",
      `rows of all ${this.#partitions} partitions did not arrive within ${timeoutMs / 1000} s (stored: ${rows ?? "unknown"}, acknowledged: ${acknowledged ?? "unknown"})`,
      { remedy: "read the logs of the driver and the producer (./faultline status names them), or try a lower --rate" },
    );
  }

  /**
   * Waits until a sample from now on shows all of Kafka's log in PostgreSQL. Gives up after `timeoutMs`, because the validator
   * judges that.
   */
  async waitUntilStored(timeoutMs: number, signal: AbortSignal): Promise<void> {
    const sinceMs = Date.now();
    const isStored = (): boolean => (this.#last?.at_ms ?? 0) > sinceMs + 1_000 && this.#last?.lag === 0;
    await this.#until(isStored, timeoutMs, signal);
  }

  async #until(condition: () => boolean, timeoutMs: number, signal: AbortSignal): Promise<boolean> {
    const isTrue = await waitUntil(timeoutMs, condition, { everyMs: 200, signal });
    if (!isTrue && signal.aborted) throw new FaultlineError("FL_INTERRUPTED", "interrupted");
    return isTrue;
  }
}
