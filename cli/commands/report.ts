import { buildCommand } from "@stricli/core";
import type { CommandContext } from "../context.ts";
import { resolveRun } from "../choose-run.ts";
import { parseText } from "../parse.ts";

export const report = buildCommand<{ print: boolean }, [run?: string], CommandContext>({
  docs: {
    brief: "Render a run's report again, from its run directory",
    fullDescription:
      "Renders a run's report again. It reads the run directory alone and needs no stack.\n\nExamples:\n  ./faultline report\n  ./faultline report 20261123T015937Z-payments --print",
  },
  parameters: {
    flags: { print: { kind: "boolean", default: false, brief: "Print the report as well" } },
    positional: {
      kind: "tuple",
      parameters: [
        {
          brief: "The run [default: the stack's run, else the newest]",
          parse: parseText,
          placeholder: "run",
          optional: true,
        },
      ],
    },
  },
  async func(flags, run) {
    const { renderReport, writeReport } = await import("../../report/render/markdown.ts");
    const runDirectory = resolveRun(this, await this.runtime(), run);
    const file = await writeReport(runDirectory);
    this.process.stdout.write(flags.print ? await renderReport(runDirectory) : `${file}\n`);
  },
});
