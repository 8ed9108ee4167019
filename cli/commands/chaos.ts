import { readFileSync } from "node:fs";
import { join } from "node:path";
import { buildCommand } from "@stricli/core";
import writeFileAtomic from "write-file-atomic";
import { FaultlineError } from "../../contract/errors.ts";
import { FAULT_KINDS } from "../../contract/plan.ts";
import { RUN_FILES } from "../../contract/run.ts";
import type { CommandContext } from "../context.ts";
import { parseDuration, parseSeed } from "../parse.ts";
import { type Runtime, RUNTIMES } from "../runtime-choice.ts";
import { requireStack } from "../stack-access.ts";

type Flags = {
  duration: number;
  interval: number;
  seed?: number;
  targets?: string;
  faults?: string;
  plan?: string;
  dryRun: boolean;
  json: boolean;
  runtime?: Runtime;
};

export const chaos = buildCommand<Flags, [], CommandContext>({
  docs: {
    brief: "Break the stack that is up, by a seeded plan",
    fullDescription:
      "Break the stack that is up, by a seeded plan; every fault is undone and verified. Ctrl-C heals at once.\n\nExamples:\n  ./faultline chaos --duration 600 --interval 30 --seed 7\n  ./faultline chaos --targets kafka-2,spark --duration 2m --interval 20\n  ./faultline chaos --faults delay --targets kafka-2,postgres --duration 60\n  ./faultline chaos --dry-run --seed 7 > plan.json && ./faultline chaos --plan plan.json",
  },
  parameters: {
    flags: {
      duration: { kind: "parsed", parse: parseDuration, default: "150", brief: "How long faults are injected", placeholder: "time" },
      interval: { kind: "parsed", parse: parseDuration, default: "20", brief: "Time from fault to fault, at least 10 s", placeholder: "time" },
      seed: { kind: "parsed", parse: parseSeed, optional: true, brief: "The same seed draws the same plan [default = drawn and printed]", placeholder: "n" },
      targets: {
        kind: "parsed",
        parse: String,
        optional: true,
        brief: "Nodes, kinds or roles: kafka-2, spark, postgres, leader:3, controller, executor",
        placeholder: "list",
      },
      faults: {
        kind: "parsed",
        parse: String,
        optional: true,
        brief: `Only these: ${FAULT_KINDS.join(", ")} [default = kill,stop,pause,restart]`,
        placeholder: "list",
      },
      plan: { kind: "parsed", parse: String, optional: true, brief: "Run this plan file instead of drawing one", placeholder: "file" },
      dryRun: { kind: "boolean", default: false, brief: "Print the plan and do nothing" },
      json: { kind: "boolean", default: false, brief: "Events as NDJSON on standard output" },
      runtime: { kind: "enum", values: RUNTIMES, optional: true, brief: "Which stack [default = the one that is up]" },
    },
  },
  async func(flags) {
    const [{ encodePlan, makePlan, parsePlan }, { runPlan }, { nodeControl }, { watchdogCommand }, { readPipeline }, { stackRequest }] = await Promise.all([
      import("../../chaos/plan.ts"),
      import("../../chaos/engine.ts"),
      import("../stack-runtime.ts"),
      import("../watchdog-command.ts"),
      import("../pipeline-file.ts"),
      import("../plan-request.ts"),
    ]);
    const stack = requireStack(this);
    const { pipeline } = readPipeline(this.root, join(stack.runDirectory, RUN_FILES.pipeline));
    const control = nodeControl(this, pipeline.topic);
    const plan =
      flags.plan === undefined
        ? makePlan({
            seed: flags.seed ?? Math.floor(Math.random() * 2 ** 31),
            durationMs: flags.duration,
            intervalMs: flags.interval,
            partitions: pipeline.partitions,
            // A producer that was never started, or is done, is no target.
            ...(await stackRequest(control, flags, (node) => node.kind !== "producer" || node.state !== "down")),
          })
        : parsePlan(readPlan(flags.plan), flags.plan);
    if (flags.dryRun) {
      this.process.stdout.write(encodePlan(plan));
      return;
    }
    await writeFileAtomic(join(stack.runDirectory, RUN_FILES.plan), encodePlan(plan));
    const result = await runPlan({
      plan,
      control,
      journalFile: join(stack.runDirectory, RUN_FILES.journal),
      watchdogCommand: watchdogCommand(this, stack.runDirectory),
      signal: this.signal,
      onEvent: (event) => this.process.stdout.write(flags.json ? `${JSON.stringify(event)}\n` : `${event.at}  ${event.type.padEnd(13)} ${event.text}\n`),
    });
    if (result.aborted) throw new FaultlineError("FL_INTERRUPTED", "interrupted; the active fault was healed");
    if (!result.outcomes.some(({ outcome }) => outcome === "recovered" || outcome === "not-recovered"))
      throw new FaultlineError("FL_NODE_FAILED", "no fault had an effect", { remedy: "./faultline status" });
  },
});

function readPlan(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new FaultlineError("FL_PLAN_INVALID", `--plan ${file}: ${(error as Error).message}`, {
      remedy: "make one: ./faultline chaos --dry-run --seed 7 > plan.json",
      cause: error,
    });
  }
}
