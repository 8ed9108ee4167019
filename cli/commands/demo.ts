import { buildCommand } from "@stricli/core";
import { VERDICT_EXIT_CODES } from "../../contract/verdict.ts";
import type { CommandContext } from "../context.ts";
import { insideContainer, RUNTIMES } from "../runtime-choice.ts";
import type { DemoFlags } from "../demo-run.ts";
import { parseCount, parseDuration, parsePartsPerMillion, parseSeed } from "../parse.ts";

export const demo = buildCommand<DemoFlags, [], CommandContext>({
  docs: {
    brief: "The whole path, once: start, produce, break, heal, prove, report, stop",
    fullDescription:
      "The whole path, once: start a stack, produce, break it by a seeded plan, heal, drain, validate, write the report, stop everything. Exits with the verdict's code.\n\nExamples:\n  ./faultline demo\n  ./faultline demo --duration 60 --interval 10 --seed 7\n  ./faultline demo --trigger micro-batch --rate 5k --keep",
  },
  parameters: {
    flags: {
      duration: { kind: "parsed", parse: parseDuration, default: "150", brief: "How long faults are injected", placeholder: "time" },
      rate: { kind: "parsed", parse: parseCount(1), default: "2000", brief: "Events per second", placeholder: "n" },
      seed: { kind: "parsed", parse: parseSeed, optional: true, brief: "Same seed, same events, same plan [default = drawn and printed]", placeholder: "n" },
      interval: { kind: "parsed", parse: parseDuration, default: "20", brief: "Time from fault to fault, at least 10 s", placeholder: "time" },
      trigger: { kind: "enum", values: ["realtime", "micro-batch"], default: "realtime", brief: "Spark's trigger" },
      pipeline: { kind: "parsed", parse: String, optional: true, brief: "Pipeline file [default = pipelines/payments.yaml]", placeholder: "file" },
      malformed: { kind: "parsed", parse: parsePartsPerMillion, default: "0.1%", brief: "Share of malformed events", placeholder: "share" },
      targets: { kind: "parsed", parse: String, optional: true, brief: "Strike only these, see chaos --help", placeholder: "list" },
      faults: { kind: "parsed", parse: String, optional: true, brief: "Only these faults, see chaos --help", placeholder: "list" },
      runtime: { kind: "enum", values: RUNTIMES, optional: true, brief: "Processes on this machine, or containers [default = local]" },
      keep: { kind: "boolean", default: false, brief: "Leave the stack up at the end" },
      json: { kind: "boolean", default: false, brief: "verdict.json on standard output; progress on standard error" },
    },
  },
  async func(flags) {
    if (!insideContainer() && (flags.runtime ?? process.env["FAULTLINE_RUNTIME"]) === "compose") {
      const { demoCompose } = await import("../demo-compose.ts");
      this.process.exitCode = await demoCompose(this, flags);
      return;
    }
    const { runDemo } = await import("../demo-run.ts");
    const verdict = await runDemo(this, flags);
    this.process.exitCode = VERDICT_EXIT_CODES[verdict.verdict];
  },
});
