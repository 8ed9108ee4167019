import { resolve } from "node:path";
import { buildCommand } from "@stricli/core";
import { isAbsent } from "../../contract/capability.ts";
import { FaultlineError } from "../../contract/errors.ts";
import type { RuntimeName } from "../../contract/stack.ts";
import { resolveRun } from "../choose-run.ts";
import type { CommandContext } from "../context.ts";
import { parseDuration, parseText } from "../parse.ts";
import { relayed } from "../relayed.ts";
import { runtimeFlag, serverFlags } from "../shared-flags.ts";

type Flags = {
  out?: string;
  config?: string;
  brokers?: string;
  topic?: string;
  dbHost?: string;
  dbPort?: number;
  dbName?: string;
  dbUser?: string;
  dbPassword?: string;
  quietTimeout?: number;
  json: boolean;
  runtime?: RuntimeName;
};

export const evidence = buildCommand<Flags, [run?: string], CommandContext>({
  docs: {
    brief: "Write one file from which the run can be judged again, on a machine without its servers",
    fullDescription:
      "Copies everything that a verdict reads into one file: Kafka's log and PostgreSQL's tables in one snapshot, ledger, journal, plan, samples, and what the servers say about their settings. `./faultline validate --evidence FILE` comes to the same verdict as `./faultline validate` here and now, and names every changed byte.\nWaits until the pipeline is quiet, and asks a producer that still runs to quiesce meanwhile. Prints the file's root: pass it on by another way, and give it to `validate --evidence FILE --root ROOT`. No password is in the file; the events themselves are.\n\nExamples:\n  ./faultline evidence\n  ./faultline evidence 20261123T015937Z-payments --out payments.evidence\n  ./faultline evidence --json\n  POSTGRES_PASSWORD=... ./faultline evidence runs/20261123T015937Z-payments --brokers kafka:9092 --db-host db --db-name app --db-user app",
  },
  parameters: {
    flags: {
      runtime: runtimeFlag,
      out: {
        kind: "parsed",
        parse: parseText,
        optional: true,
        brief: "Where to write it [default: run.evidence in the run directory]",
        placeholder: "file",
      },
      ...serverFlags,
      quietTimeout: {
        kind: "parsed",
        parse: parseDuration(0),
        optional: true,
        brief: "How long to wait for the pipeline to become quiet [default: 60s]",
        placeholder: "time",
      },
      json: { kind: "boolean", default: false, brief: "Print file, bytes, root and events as JSON" },
    },
    positional: {
      kind: "tuple",
      parameters: [
        {
          brief: "The run: id or path [default: the stack's run, else the newest]",
          parse: parseText,
          placeholder: "run",
          optional: true,
        },
      ],
    },
  },
  async func({ json, out, quietTimeout, runtime: runtimeName, ...flags }, named) {
    const runtime = await this.runtime(runtimeName);
    const namesData = [named, flags.config, flags.brokers, flags.dbHost];
    if (namesData.every((flag) => flag === undefined)) {
      // Inside its container this command would write a file that nobody sees; what is in the run directory is fetched.
      if (out !== undefined && !isAbsent(runtime.relay))
        throw new FaultlineError("FL_USAGE", "--out can't be given for a stack in containers", {
          remedy: "leave it out: the file is put into the run directory, as run.evidence",
        });
      if (await relayed(this, runtime, { changesRun: true })) return;
    }
    const [{ resolveOptions }, { takeEvidence }, { Sources }, { Progress }] = await Promise.all([
      import("../../validation/options.ts"),
      import("../../validation/take-evidence.ts"),
      import("../../validation/source/sources.ts"),
      import("../progress.ts"),
    ]);
    const progress = new Progress(this.process.stderr);
    const stack = runtime.find();
    const runDirectory = resolveRun(this, runtime, named);
    const options = await resolveOptions(
      { ...flags, run: runDirectory, ...(quietTimeout !== undefined && { quietTimeoutMs: quietTimeout }) },
      {
        environment: stack === undefined ? this.dotEnvironment() : this.environment,
        ...(stack !== undefined && { stack }),
      },
    );
    const onProgress = (line: string) => progress.say(line);
    const { topic, slo } = options;
    const taken = await takeEvidence(
      {
        runDirectory,
        ...(out !== undefined && { out: resolve(out) }),
        ...(topic !== undefined && { topic }),
        ...(slo !== undefined && { slo }),
        onProgress,
        signal: this.signal,
      },
      (of) => new Sources({ ...options, onProgress }, of),
    );
    const { file, bytes, root, events } = taken;
    const perMillion = events === 0 ? "" : `, ${(bytes / events).toFixed(1)} MB per million events`;
    this.process.stdout.write(
      json
        ? `${JSON.stringify(taken)}\n`
        : `${file}\n  ${(bytes / 1e6).toFixed(1)} MB for ${events.toLocaleString("en-US")} events${perMillion}\n  root ${root}\n`,
    );
  },
});
