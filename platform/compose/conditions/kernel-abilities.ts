import type { FaultContainers } from "./fault-container.ts";
import { DELAY_PROGRAM, PROBE } from "./network-scripts.ts";

/** Ability → what speaks against it here; undefined: nothing. */
type Abilities = Record<"lease" | "netem" | "proxy", string | undefined>;

/** Asks the kernel once, in a fault container with a network namespace of its own, which network faults it can do. */
export class KernelAbilities {
  readonly #faults: FaultContainers;
  #answer: Promise<Abilities> | undefined;

  constructor(faults: FaultContainers) {
    this.#faults = faults;
  }

  async get(): Promise<Abilities> {
    return (this.#answer ??= this.#ask().catch((error: unknown) => {
      this.#answer = undefined;
      throw error;
    }));
  }

  async #ask(): Promise<Abilities> {
    const argv = ["sh", "-c", PROBE, "faultline", DELAY_PROGRAM];
    const output = await this.#faults.runOnce(undefined, { node: "", tag: "", kind: "probe" }, argv);
    const ability = (name: string): string | undefined => {
      const answer = new RegExp(`^${name}: (.*)$`, "m").exec(output)?.[1];
      return answer === "" ? undefined : (answer ?? `the probe said nothing of it: ${output.trim()}`).trim();
    };
    return { lease: ability("lease"), netem: ability("netem"), proxy: ability("proxy") };
  }
}
