import { buildCommand } from "@stricli/core";
import type { CommandContext } from "../context.ts";
import { resolveRun } from "../run-directory.ts";

export const report = buildCommand<{ print: boolean }, [run?: string], CommandContext>({
  docs: {
    brief: "Render a run's report again, from its run directory",
    fullDescription:
      "Render a run's report again, from its run directory alone.\n\nExamples:\n  ./faultline report\n  ./faultline report 20261123-001530-payments --print",
  },
  parameters: {
    flags: { print: { kind: "boolean", default: false, brief: "Print it, too" } },
    positional: {
      kind: "tuple",
      parameters: [{ brief: "The run [default = the stack's, else the newest]", parse: String, placeholder: "run", optional: true }],
    },
  },
  async func(flags, run) {
    const { renderReport, writeReport } = await import("../../report/markdown.ts");
    const runDirectory = resolveRun(this, run);
    const file = await writeReport(runDirectory);
    this.process.stdout.write(flags.print ? await renderReport(runDirectory) : `${file}\n`);
  },
});
