import { buildCommand } from "@stricli/core";
import { renderSchema } from "../../db/ddl.ts";
import { type CommandContext } from "../context.ts";
import { readPipeline } from "../pipeline-file.ts";

export const schema = buildCommand<{ pipeline?: string }, [], CommandContext>({
  docs: {
    brief: "Print the DDL of a pipeline's tables",
    fullDescription: `Print the DDL of a pipeline's tables. It may be run again on the same database.\n\nExample:\n  ./faultline schema --pipeline pipelines/sensors.yaml | psql "$URL"`,
  },
  parameters: {
    flags: { pipeline: { kind: "parsed", parse: String, optional: true, brief: "Pipeline file [default = pipelines/payments.yaml]", placeholder: "file" } },
  },
  func(flags) {
    this.process.stdout.write(renderSchema(readPipeline(this.root, flags.pipeline).pipeline));
  },
});
