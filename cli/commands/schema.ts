import { join, resolve } from "node:path";
import { buildCommand } from "@stricli/core";
import type { CommandContext } from "../context.ts";
import { pipelineFlag } from "../shared-flags.ts";

export const schema = buildCommand<{ pipeline?: string }, [], CommandContext>({
  docs: {
    brief: "Print the DDL of a pipeline's tables",
    fullDescription: `Prints the DDL of a pipeline's tables. You can run it again on the same database.\n\nExample:\n  ./faultline schema --pipeline pipelines/sensors.yaml | psql "$URL"`,
  },
  parameters: {
    flags: {
      pipeline: pipelineFlag,
    },
  },
  async func(flags) {
    const [{ renderSchema }, { readPipelineFile }] = await Promise.all([
      import("../../db/ddl.ts"),
      import("../../platform/run-directory.ts"),
    ]);
    const file = flags.pipeline === undefined ? join(this.root, "pipelines/payments.yaml") : resolve(flags.pipeline);
    this.process.stdout.write(renderSchema(readPipelineFile(file).pipeline));
  },
});
