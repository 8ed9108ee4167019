import { RUN_FILES } from "../../contract/run.ts";
import type { SeenSample } from "./run-evidence.ts";

type Figures = { attempted: number; acknowledged: number };

/** The clocks of sampler and producer may differ so much. */
const SLACK_MS = 10_000;
const NAMES = ["attempted", "acknowledged"] as const;

/**
 * Holds the producer's figures in the samples against the ledger: at about the time of a sample the ledger must already have as many events as
 * the sample says. It may have more: the last status of a producer that was killed is older than its last lines.
 */
export class SampleFigures {
  readonly problems: string[] = [];
  readonly #samples: readonly SeenSample[];
  #next = 0;
  #before: Figures = { attempted: 0, acknowledged: 0 };

  /** @param samples in the order of their file. */
  constructor(samples: readonly SeenSample[]) {
    this.#samples = samples;
    for (const name of NAMES) {
      const known = samples.flatMap((sample) => sample[name] ?? []);
      const at = known.findIndex((value, index) => value < (known[index - 1] ?? 0));
      if (at >= 0) this.problems.push(`${RUN_FILES.samples}: ${name} goes down from ${known[at - 1]} to ${known[at]}`);
    }
  }

  /** @param atMs time of the next line. @param tally what the ledger comes to with that line. */
  follow(atMs: number, { attempted, acknowledged }: Figures): void {
    let sample = this.#samples[this.#next];
    for (; sample !== undefined && sample.at_ms + SLACK_MS < atMs; sample = this.#samples[++this.#next])
      this.#compare(sample);
    this.#before.attempted = attempted;
    this.#before.acknowledged = acknowledged;
  }

  /** Call this after the last line. */
  finish({ attempted, acknowledged }: Figures): void {
    this.#before = { attempted, acknowledged };
    for (const sample of this.#samples) this.#compare(sample);
  }

  #compare(sample: SeenSample): void {
    if (this.problems.length > 0) return;
    for (const name of NAMES) {
      const [told, had] = [sample[name] ?? 0, this.#before[name]];
      if (told <= had) continue;
      const at = new Date(sample.at_ms).toISOString();
      this.problems.push(`${RUN_FILES.samples} says ${name} ${told} at ${at}, but the ledger has ${had} about then`);
    }
  }
}
