import { buildCommand } from "@stricli/core";
import { TRIGGERS } from "../../contract/stack.ts";
import type { CommandContext } from "../context.ts";
import type { DemoFlags } from "../demo-run.ts";
import {
  MAX_RATE,
  parseCount,
  parseDuration,
  parseFaults,
  parseList,
  parsePartsPerMillion,
  parseSeed,
} from "../parse.ts";
import {
  pipelineFlag,
  postgresStandbyFlag,
  postgresSyncFlag,
  runtimeFlag,
  sloFlags,
  standbyFlag,
} from "../shared-flags.ts";

export const demo = buildCommand<DemoFlags, [], CommandContext>({
  docs: {
    brief: "The whole path, once: start, produce, break, heal, prove, report, stop",
    fullDescription:
      "Runs the whole path once: it starts a stack, produces events, breaks the stack by a seeded plan, heals it, drains it, validates the run, writes the report and stops everything. The exit code is the verdict's.\n\nExamples:\n  ./faultline demo\n  ./faultline demo --duration 80 --interval 10 --seed 7\n  ./faultline demo --trigger micro-batch --rate 5k --keep\n  ./faultline demo --max-without-rows 20s\n  ./faultline demo --postgres-standby --faults failover,failover-lossy\n  ./faultline demo --postgres-sync --faults failover-lossy\n  ./faultline demo --runtime compose\n  ./faultline demo --open",
  },
  parameters: {
    flags: {
      duration: {
        kind: "parsed",
        parse: parseDuration(1),
        default: "150s",
        brief: "How long faults are injected, for example 150s or 2m",
        placeholder: "time",
      },
      rate: {
        kind: "parsed",
        parse: parseCount(1, MAX_RATE),
        default: "2000",
        brief: "Events per second",
        placeholder: "n",
      },
      seed: {
        kind: "parsed",
        parse: parseSeed,
        optional: true,
        brief: "The same seed gives the same events and the same plan [default: random, and printed]",
        placeholder: "n",
      },
      interval: {
        kind: "parsed",
        parse: parseDuration(1),
        default: "20s",
        brief: "Time from fault to fault, at least 10 s",
        placeholder: "time",
      },
      trigger: { kind: "enum", values: TRIGGERS, default: "realtime", brief: "Spark's trigger" },
      pipeline: pipelineFlag,
      malformed: {
        kind: "parsed",
        parse: parsePartsPerMillion,
        default: "0.1%",
        brief: "Share of malformed events",
        placeholder: "share",
      },
      targets: {
        kind: "parsed",
        parse: parseList,
        optional: true,
        brief: "Strike only these nodes (see chaos --help)",
        placeholder: "list",
      },
      faults: {
        kind: "parsed",
        parse: parseFaults,
        optional: true,
        brief: "Only these faults (see chaos --help)",
        placeholder: "list",
      },
      postgresStandby: postgresStandbyFlag,
      postgresSync: postgresSyncFlag,
      runtime: { ...runtimeFlag, brief: "Processes on this machine, or containers [default: local]" },
      standby: standbyFlag,
      ...sloFlags,
      open: { kind: "boolean", default: false, brief: "Print the address of the live page, and open it in a browser" },
      keep: { kind: "boolean", default: false, brief: "Leave the stack up at the end" },
      json: { kind: "boolean", default: false, brief: "Print verdict.json; progress goes to standard error" },
    },
  },
  async func(flags) {
    const { runDemo } = await import("../demo-run.ts");
    this.process.exitCode = await runDemo(this, flags);
  },
});
