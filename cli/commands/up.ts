import { join } from "node:path";
import { buildCommand } from "@stricli/core";
import { COORDINATIONS } from "../../contract/stack.ts";
import type { CommandContext } from "../context.ts";
import type { UpFlags } from "../up-compose.ts";
import { RUNTIMES } from "../runtime-choice.ts";
import { parsePartsPerMillion, parsePort, parseSeed } from "../parse.ts";

export const up = buildCommand<UpFlags, [], CommandContext>({
  docs: {
    brief: "Start the stack, or repair it",
    fullDescription:
      "Start the local stack (3 Kafka nodes, with --coordination zookeeper also ZooKeeper, Spark master, 2 workers, driver, PostgreSQL) and wait until each answers its protocol. Again: start what is missing; with another --trigger: swap the driver's.\n\nExamples:\n  ./faultline up\n  ./faultline up --pipeline pipelines/sensors.yaml --trigger micro-batch\n  ./faultline up --coordination zookeeper\n  ./faultline up --port postgres=5432\n  ./faultline up --runtime compose",
  },
  parameters: {
    flags: {
      pipeline: {
        kind: "parsed",
        parse: String,
        optional: true,
        brief: "Pipeline file [default = that of the data, else pipelines/payments.yaml]",
        placeholder: "file",
      },
      seed: { kind: "parsed", parse: parseSeed, optional: true, brief: "Seed of the events [default = that of the data, else 1]", placeholder: "n" },
      malformed: {
        kind: "parsed",
        parse: parsePartsPerMillion,
        optional: true,
        brief: "Share of malformed events [default = that of the data, else 0]",
        placeholder: "share",
      },
      trigger: { kind: "enum", values: ["realtime", "micro-batch"], optional: true, brief: "Spark's trigger [default = that of the data, else realtime]" },
      coordination: {
        kind: "enum",
        values: COORDINATIONS,
        optional: true,
        brief: "Kafka 4.4 with KRaft, or Kafka 3.9.2 with ZooKeeper [default = that of the data, else kraft]",
      },
      port: {
        kind: "parsed",
        parse: parsePort,
        variadic: true,
        optional: true,
        brief: "A port that must be this one, e.g. postgres=5432; the others are chosen",
        placeholder: "name=n",
      },
      runtime: { kind: "enum", values: RUNTIMES, optional: true, brief: "Processes on this machine, or containers [default = local]" },
      json: { kind: "boolean", default: false, brief: "stack.json on standard output" },
    },
  },
  async func(flags) {
    if ((flags.runtime ?? process.env["FAULTLINE_RUNTIME"]) === "compose") {
      const { upCompose } = await import("../up-compose.ts");
      await upCompose(this, flags);
      return;
    }
    const [{ up: upStack, status }, { Progress }, { readPipeline }, { statusText }, { RUN_FILES }] = await Promise.all([
      import("../../platform/local/stack.ts"),
      import("../progress.ts"),
      import("../pipeline-file.ts"),
      import("../status-text.ts"),
      import("../../contract/run.ts"),
    ]);
    const progress = new Progress(this.process.stderr);
    const existing = (await status(this.stateDir)).runDirectory;
    const named = flags.pipeline ?? (existing === undefined ? undefined : join(existing, RUN_FILES.pipeline));
    const { file } = readPipeline(this.root, named);
    const stack = await upStack({
      stateDir: this.stateDir,
      runsDir: this.runsDir,
      pipelineFile: file,
      ...(flags.seed !== undefined && { seed: flags.seed }),
      ...(flags.malformed !== undefined && { malformedPpm: flags.malformed }),
      ...(flags.trigger !== undefined && { trigger: flags.trigger }),
      ...(flags.coordination !== undefined && { coordination: flags.coordination }),
      ...(flags.port !== undefined && { ports: Object.fromEntries(flags.port) }),
      onProgress: ({ step }) => progress.say(step),
      signal: this.signal,
    });
    this.process.stdout.write(flags.json ? `${JSON.stringify(stack)}\n` : statusText(await status(this.stateDir)));
  },
});
