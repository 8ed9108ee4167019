import type { FaultHistory } from "../contract/fault-history.ts";
import type { Health } from "../contract/health.ts";
import type { Pipeline } from "../contract/pipeline.ts";
import type { Sample } from "../contract/sample.ts";

/** What the monitor knows of its run now: every part may read it, and replaces nothing but the whole of a member. */
export type ObservedRun = {
  /** The run's directory, no link. */
  directory: string;
  /** The number in every event's identity. */
  run: number;
  pipeline: Pipeline;
  /** The last one that was taken. Undefined: none yet. */
  sample: Sample | undefined;
  health: Health | undefined;
  /** All faults of the journal so far, in the order of injection. */
  faults: readonly FaultHistory[];
};
