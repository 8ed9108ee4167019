import { resolve } from "node:path";
import { buildCommand } from "@stricli/core";
import { isAbsent, required } from "../../contract/capability.ts";
import { COORDINATIONS, type Coordination, type RuntimeName, type Trigger, TRIGGERS } from "../../contract/stack.ts";
import type { CommandContext } from "../context.ts";
import { parsePartsPerMillion, parsePort, parseSeed, parseText, portsOf } from "../parse.ts";
import { postgresRequest, postgresStandbyFlag, postgresSyncFlag, runtimeFlag, standbyFlag } from "../shared-flags.ts";

type Flags = {
  runtime?: RuntimeName;
  pipeline?: string;
  seed?: number;
  malformed?: number;
  trigger?: Trigger;
  coordination?: Coordination;
  standby?: boolean;
  postgresStandby?: boolean;
  postgresSync?: boolean;
  port?: readonly (readonly [string, number])[];
  json: boolean;
};

export const up = buildCommand<Flags, [], CommandContext>({
  docs: {
    brief: "Start the stack, or repair it",
    fullDescription:
      "Starts the stack (3 Kafka nodes, Spark master, 2 workers, 2 drivers, of which one stands by, PostgreSQL, monitor; with --coordination zookeeper also ZooKeeper) and waits until each node answers its protocol. Run again, it starts what is missing. With another --trigger it restarts the drivers with that trigger.\n\nExamples:\n  ./faultline up\n  ./faultline up --pipeline pipelines/sensors.yaml --trigger micro-batch\n  ./faultline up --coordination zookeeper\n  ./faultline up --no-standby\n  ./faultline up --postgres-standby\n  ./faultline up --postgres-sync\n  ./faultline up --port postgres=5432\n  ./faultline up --runtime compose --standby",
  },
  parameters: {
    flags: {
      pipeline: {
        kind: "parsed",
        parse: parseText,
        optional: true,
        brief: "Pipeline file [default: the existing data's pipeline, else pipelines/payments.yaml]",
        placeholder: "file",
      },
      seed: {
        kind: "parsed",
        parse: parseSeed,
        optional: true,
        brief: "Seed of the events [default: the existing data's seed, else 1]",
        placeholder: "n",
      },
      malformed: {
        kind: "parsed",
        parse: parsePartsPerMillion,
        optional: true,
        brief: "Share of malformed events [default: the existing data's share, else 0]",
        placeholder: "share",
      },
      trigger: {
        kind: "enum",
        values: TRIGGERS,
        optional: true,
        brief: "Spark's trigger [default: the existing data's trigger, else realtime]",
      },
      coordination: {
        kind: "enum",
        values: COORDINATIONS,
        optional: true,
        brief:
          "Kafka 4.4 with KRaft, or Kafka 3.9.2 with ZooKeeper [default: the existing data's coordination, else kraft]",
      },
      standby: standbyFlag,
      postgresStandby: postgresStandbyFlag,
      postgresSync: postgresSyncFlag,
      port: {
        kind: "parsed",
        parse: parsePort,
        variadic: true,
        optional: true,
        brief: "Use this port, e.g. postgres=5432; Faultline chooses the others",
        placeholder: "name=n",
      },
      runtime: { ...runtimeFlag, brief: "Processes on this machine, or containers [default: local]" },
      json: { kind: "boolean", default: false, brief: "Print stack.json" },
    },
  },
  async func(flags) {
    const [{ Progress }, { statusText }] = await Promise.all([import("../progress.ts"), import("../status-text.ts")]);
    const runtime = await this.runtime(flags.runtime, "local");
    const power = required(runtime.power, "FL_USAGE");
    const request = {
      ...(flags.pipeline !== undefined && { pipelineFile: resolve(flags.pipeline) }),
      ...(flags.seed !== undefined && { seed: flags.seed }),
      ...(flags.malformed !== undefined && { malformedPpm: flags.malformed }),
      ...(flags.trigger !== undefined && { trigger: flags.trigger }),
      ...(flags.coordination !== undefined && { coordination: flags.coordination }),
      ...(flags.standby !== undefined && { standby: flags.standby }),
      ...postgresRequest(flags),
      ...(flags.port !== undefined && { ports: portsOf(flags.port) }),
    };
    await power.check(request, "repair");
    const progress = new Progress(this.process.stderr);
    await power.up(request, { onProgress: (line) => progress.say(line), signal: this.signal });
    if (!isAbsent(runtime.relay)) {
      const code = await runtime.relay.run(["status", ...(flags.json ? ["--json"] : [])]);
      // What `status` thinks of the stack a moment after its start (1, 2) is no failure of `up`.
      if (code >= 64) this.process.exitCode = code;
      return;
    }
    this.process.stdout.write(
      flags.json ? `${JSON.stringify(runtime.find())}\n` : statusText(await runtime.describe()),
    );
  },
});
