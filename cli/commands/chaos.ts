import { readFileSync } from "node:fs";
import { join } from "node:path";
import { buildCommand } from "@stricli/core";
import { required } from "../../contract/capability.ts";
import { FaultlineError } from "../../contract/errors.ts";
import type { NodeControl } from "../../contract/node.ts";
import { FAULT_KINDS, type Plan } from "../../contract/plan.ts";
import { parseRun, RUN_FILES } from "../../contract/run.ts";
import type { RuntimeName } from "../../contract/stack.ts";
import type { CommandContext } from "../context.ts";
import { parseDuration, parseFaults, parseList, parseSeed, parseText } from "../parse.ts";
import { relayed } from "../relayed.ts";
import { runtimeFlag } from "../shared-flags.ts";
import { requireStack } from "../stack-access.ts";

type Flags = {
  duration?: number;
  interval?: number;
  seed?: number;
  targets?: string[];
  faults?: ReturnType<typeof parseFaults>;
  plan?: string;
  dryRun: boolean;
  json: boolean;
  runtime?: RuntimeName;
};

const DURATION_MS = 150_000;
const INTERVAL_MS = 20_000;
/** Where a relayed command finds the file of --plan. */
const PLAN_ELSEWHERE = "/tmp/plan.json";

export const chaos = buildCommand<Flags, [], CommandContext>({
  docs: {
    brief: "Break the stack that is up, by a seeded plan",
    fullDescription:
      "Breaks the stack that is up, by a seeded plan. Every fault is undone, and the undo is verified. Ctrl-C heals at once.\n\nExamples:\n  ./faultline chaos --duration 600 --interval 30 --seed 7\n  ./faultline chaos --targets kafka-2,spark --duration 2m --interval 20\n  ./faultline chaos --faults delay --targets kafka-2,postgres --duration 60\n  ./faultline chaos --dry-run --seed 7 > plan.json && ./faultline chaos --plan plan.json",
  },
  parameters: {
    flags: {
      duration: {
        kind: "parsed",
        parse: parseDuration(1),
        optional: true,
        brief: "How long faults are injected, for example 150s or 2m [default: 150s]",
        placeholder: "time",
      },
      interval: {
        kind: "parsed",
        parse: parseDuration(1),
        optional: true,
        brief: "Time from fault to fault, at least 10 s [default: 20s]",
        placeholder: "time",
      },
      seed: {
        kind: "parsed",
        parse: parseSeed,
        optional: true,
        brief: "The same seed gives the same plan [default: random, and printed]",
        placeholder: "n",
      },
      targets: {
        kind: "parsed",
        parse: parseList,
        optional: true,
        brief: "Nodes, kinds or roles: kafka-2, spark, postgres, leader:3, controller, active-driver, executor",
        placeholder: "list",
      },
      faults: {
        kind: "parsed",
        parse: parseFaults,
        optional: true,
        brief: `Only these faults: ${FAULT_KINDS.join(", ")} [default: kill,stop,pause,restart]`,
        placeholder: "list",
      },
      plan: {
        kind: "parsed",
        parse: parseText,
        optional: true,
        brief: "Run this plan file instead of a random plan",
        placeholder: "file",
      },
      dryRun: { kind: "boolean", default: false, brief: "Print the plan and do nothing" },
      json: { kind: "boolean", default: false, brief: "Print events as NDJSON" },
      runtime: runtimeFlag,
    },
  },
  async func(flags) {
    const planned = await readPlan(flags);
    const runtime = await this.runtime(flags.runtime);
    const files = flags.plan === undefined ? {} : { [flags.plan]: PLAN_ELSEWHERE };
    if (await relayed(this, runtime, { files, changesRun: true })) return;
    const [
      { encodePlan, requireRunnable },
      { runPlan },
      { watchdogCommand },
      { readPipelineFile },
      { waitForCommitTimes },
    ] = await Promise.all([
      import("../../chaos/plan/plan.ts"),
      import("../../chaos/engine.ts"),
      import("../watchdog-command.ts"),
      import("../../platform/run-directory.ts"),
      import("../commit-times.ts"),
    ]);
    const stack = requireStack(runtime);
    const { pipeline } = readPipelineFile(join(stack.run_directory, RUN_FILES.pipeline));
    const control = required(runtime.control, "FL_USAGE").nodes(pipeline.topic);
    const plan = planned ?? (await drawPlan(control, flags, pipeline.partitions));
    if (flags.dryRun) {
      this.process.stdout.write(encodePlan(plan));
      return;
    }
    requireRunnable(plan, await control.inventory.nodes(), flags.plan);
    const runFile = join(stack.run_directory, RUN_FILES.run);
    const result = await runPlan({
      plan,
      run: parseRun(readFileSync(runFile, "utf8"), runFile).run,
      control,
      journalFile: join(stack.run_directory, RUN_FILES.journal),
      planFile: join(stack.run_directory, RUN_FILES.plan),
      watchdogCommand: watchdogCommand(this, runtime.name, stack.run_directory),
      signal: this.signal,
      onEvent: (event) =>
        this.process.stdout.write(
          flags.json ? `${JSON.stringify(event)}\n` : `${event.at}  ${event.type.padEnd(13)} ${event.text}\n`,
        ),
    });
    const { partitions } = pipeline;
    const onProgress = (text: string): void => {
      this.process.stderr.write(`${text}\n`);
    };
    if (!result.aborted) await waitForCommitTimes(stack.run_directory, { partitions, onProgress, signal: this.signal });
    if (result.aborted) throw new FaultlineError("FL_INTERRUPTED", "interrupted; the active fault was healed");
    if (!result.outcomes.some(({ outcome }) => outcome === "recovered" || outcome === "not-recovered"))
      throw new FaultlineError("FL_NODE_FAILED", "no fault had an effect", { remedy: "./faultline status" });
  },
});

async function drawPlan(control: NodeControl, flags: Flags, partitions: number): Promise<Plan> {
  const [{ makePlan }, { unavailableFaults }] = await Promise.all([
    import("../../chaos/plan/plan.ts"),
    import("../../chaos/plan/unavailable-faults.ts"),
  ]);
  return makePlan({
    seed: flags.seed ?? Math.floor(Math.random() * 2 ** 31),
    durationMs: flags.duration ?? DURATION_MS,
    intervalMs: flags.interval ?? INTERVAL_MS,
    partitions,
    // A producer that was never started, or is done, is no target.
    nodes: await unavailableFaults(control, flags.faults, (node) => node.kind !== "producer" || node.state !== "down"),
    ...(flags.targets !== undefined && { targets: flags.targets }),
    ...(flags.faults !== undefined && { kinds: flags.faults }),
  });
}

/** The plan of --plan; undefined: none is named. @throws FaultlineError FL_USAGE, FL_PLAN_INVALID */
async function readPlan({ plan, duration, interval, seed, targets, faults }: Flags): Promise<Plan | undefined> {
  if (plan === undefined) return undefined;
  const ignored = Object.entries({ duration, interval, seed, targets, faults }).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`],
  );
  if (ignored.length > 0)
    throw new FaultlineError(
      "FL_USAGE",
      `--plan ${plan} is run as it is: ${ignored.join(", ")} can't be given as well`,
      {
        remedy: `leave out ${ignored.join(" and ")}, or leave out --plan`,
      },
    );
  const { parsePlan } = await import("../../chaos/plan/plan.ts");
  try {
    return parsePlan(readFileSync(plan, "utf8"), plan);
  } catch (error) {
    if (error instanceof FaultlineError) throw error;
    throw new FaultlineError("FL_PLAN_INVALID", `--plan ${plan}: ${(error as Error).message}`, {
      remedy: "make a plan file: ./faultline chaos --dry-run --seed 7 > plan.json",
      cause: error,
    });
  }
}
