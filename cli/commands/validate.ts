import { buildCommand } from "@stricli/core";
import { VERDICT_EXIT_CODES } from "../../contract/verdict.ts";
import type { ValidateFlags } from "../../validation/options.ts";
import type { CommandContext } from "../context.ts";
import { parseCount, parseDuration } from "../parse.ts";
import { type Runtime, RUNTIMES } from "../runtime-choice.ts";

type Flags = Omit<ValidateFlags, "quietTimeoutMs"> & { quietTimeout?: number; allowNoFaults: boolean; canary: boolean; json: boolean; runtime?: Runtime };

const text = (brief: string, placeholder: string) => ({ kind: "parsed", parse: String, optional: true, brief, placeholder }) as const;

export const validate = buildCommand<Flags, [], CommandContext>({
  docs: {
    brief: "Prove that nothing was lost, doubled or changed, or say what was",
    fullDescription:
      "Read the run ledger, Kafka's log and PostgreSQL's tables whole, compare every event, and give the verdict. Exit codes: 0 VALID, 1 INVALID, 2 UNKNOWN, 3 STALLED, 4 VACUOUS.\nA flag wins over the environment (KAFKA_BROKERS, POSTGRES_HOST, ...), that over the file of --config, that over the stack that is up, that over .env.\n\nExamples:\n  ./faultline validate\n  ./faultline validate --allow-no-faults --json\n  POSTGRES_PASSWORD=... ./faultline validate --producer-log-path ledger.ndjson --pipeline mine.yaml --brokers kafka:9092 --db-host db --db-name app --db-user app",
  },
  parameters: {
    flags: {
      runtime: { kind: "enum", values: RUNTIMES, optional: true, brief: "Which stack [default = the one that is up]" },
      run: text("The run [default = the stack's, else the newest]", "id"),
      producerLogPath: text("The run ledger, without a run directory", "file"),
      journal: text("The fault journal", "file"),
      pipeline: text("The pipeline file", "file"),
      config: text("A YAML file with these settings", "file"),
      brokers: text("Kafka's bootstrap servers", "host:port,..."),
      topic: text("Kafka's topic", "name"),
      dbHost: text("PostgreSQL's host", "host"),
      dbPort: { kind: "parsed", parse: parseCount(1), optional: true, brief: "PostgreSQL's port", placeholder: "n" },
      dbName: text("The database", "name"),
      dbUser: text("PostgreSQL's user", "name"),
      dbPassword: text("PostgreSQL's password; better in POSTGRES_PASSWORD, which no process list shows", "text"),
      quietTimeout: {
        kind: "parsed",
        parse: parseDuration,
        optional: true,
        brief: "How long to wait for the pipeline to become quiet [default = 60s]",
        placeholder: "time",
      },
      minAcknowledged: {
        kind: "parsed",
        parse: parseCount(0),
        optional: true,
        brief: "Fewer acknowledged events prove nothing [default = 1000]",
        placeholder: "n",
      },
      allowNoFaults: { kind: "boolean", default: false, brief: "Judge the data though no fault had an effect" },
      canary: { kind: "boolean", default: true, brief: "Run the checks again on a copy with planted anomalies, which they must find" },
      json: { kind: "boolean", default: false, brief: "verdict.json on standard output" },
    },
  },
  async func({ json, quietTimeout, ...flags }) {
    const [{ resolveOptions }, { judgeRun }, { Progress }, { findStack }, { findRun }] = await Promise.all([
      import("../../validation/options.ts"),
      import("../judge-run.ts"),
      import("../progress.ts"),
      import("../stack-access.ts"),
      import("../run-directory.ts"),
    ]);
    const progress = new Progress(this.process.stderr);
    const stack = findStack(this);
    const runDirectory = findRun(this, flags.run);
    const options = await resolveOptions(
      {
        ...flags,
        ...(quietTimeout !== undefined && { quietTimeoutMs: quietTimeout }),
        ...(flags.run !== undefined && runDirectory !== undefined && { run: runDirectory }),
      },
      {
        environment: stack === undefined ? this.dotEnvironment() : this.process.env,
        ...(runDirectory !== undefined && { runDirectory }),
        ...(stack !== undefined && { stack }),
      },
    );
    const verdict = await judgeRun({ ...options, onProgress: (line) => progress.say(line), signal: this.signal });
    this.process.stdout.write(json ? `${JSON.stringify(verdict.file)}\n` : `${verdict.text}\n`);
    this.process.exitCode = VERDICT_EXIT_CODES[verdict.file.verdict];
  },
});
