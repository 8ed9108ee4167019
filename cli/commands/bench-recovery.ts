import { join, resolve } from "node:path";
import { buildCommand } from "@stricli/core";
import { required } from "../../contract/capability.ts";
import type { CommandContext } from "../context.ts";
import { MAX_RATE, parseCount, parseDuration, parseList, parseOutputFile, parseSeed } from "../parse.ts";
import { pipelineFlag } from "../shared-flags.ts";

type Flags = {
  rounds: number;
  rate: number;
  faults?: string[];
  variants?: string[];
  hold?: number;
  seed: number;
  pipeline?: string;
  results?: string;
  fresh: boolean;
  table: boolean;
  json: boolean;
};

const parseNames = (text: string): string[] => [...new Set(parseList(text))];

export const benchRecovery = buildCommand<Flags, [], CommandContext>({
  docs: {
    brief: "How long the pipeline stands still after a fault, with and without a standby",
    fullDescription:
      "Repeats each fault on a stack under load, on each variant of the stack, and measures every round to the millisecond: time without acknowledgements and without rows on the worst partition, time until events are visible again, and the phases (detected, taken over, caught up). Prints n, p50, p95 and max. Each fault and variant gets a stack of its own, and its run must be VALID. What is finished is kept in the results file and not measured again; the run directories keep the raw records. 20 rounds of one fault take 5 to 15 minutes.\n\nFaults: kill-driver, pause-driver (SIGSTOP), kill-postgres, kill-broker, pause-broker, kill-worker, pause-worker, kill-executor, kill-master, kill-producer;\nalso stop- (SIGTERM) and restart-, and -controller, -monitor.\n\nVariants: standby (two drivers), no-standby (one), defaults (one, and Kafka's and Spark's own settings for time).\n\nExamples:\n  ./faultline bench recovery\n  ./faultline bench recovery --faults kill-driver,pause-driver --variants no-standby\n  ./faultline bench recovery --faults kill-broker --rounds 50 --rate 5k --results broker.json\n  ./faultline bench recovery --table",
  },
  parameters: {
    flags: {
      rounds: {
        kind: "parsed",
        parse: parseCount(1, 1_000),
        default: "20",
        brief: "Rounds of each fault",
        placeholder: "n",
      },
      rate: {
        kind: "parsed",
        parse: parseCount(1, MAX_RATE),
        default: "2000",
        brief: "Events per second",
        placeholder: "n",
      },
      faults: {
        kind: "parsed",
        parse: parseNames,
        optional: true,
        brief: "Only these, as in kill-driver,pause-broker (see above) [default: the ten of the first line]",
        placeholder: "list",
      },
      variants: {
        kind: "parsed",
        parse: parseNames,
        optional: true,
        brief: "Only these: standby, no-standby, defaults [default: those that this stack can be]",
        placeholder: "list",
      },
      hold: {
        kind: "parsed",
        parse: parseDuration(0),
        optional: true,
        brief: "How long a node is kept down or paused [default: 12s; what can start at once after a kill: 0s]",
        placeholder: "time",
      },
      seed: {
        kind: "parsed",
        parse: parseSeed,
        default: "1",
        brief: "The same seed strikes the same targets at the same moments",
        placeholder: "n",
      },
      pipeline: pipelineFlag,
      results: {
        kind: "parsed",
        parse: parseOutputFile,
        optional: true,
        brief: "Where results are kept [default: runs/bench-recovery.json]",
        placeholder: "file",
      },
      fresh: { kind: "boolean", default: false, brief: "Throw away what the results file has" },
      table: { kind: "boolean", default: false, brief: "Only print what the results file has; start nothing" },
      json: { kind: "boolean", default: false, brief: "Print the results file as JSON" },
    },
  },
  async func(flags) {
    const { runRecoveryBench } = await import("../recovery-run.ts");
    const place = { ...this, stateDir: join(this.root, ".faultline/bench") };
    const { chooseRuntime } = await import("../../platform/runtimes.ts");
    const runtime = chooseRuntime(place, "local");
    const pipelineFile = resolve(flags.pipeline ?? join(this.root, "pipelines/payments.yaml"));
    const file = flags.results ?? join(this.runsDir, "bench-recovery.json");
    await runRecoveryBench(place, runtime, required(runtime.power), { ...flags, pipelineFile, file });
  },
});
