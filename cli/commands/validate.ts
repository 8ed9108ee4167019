import { join } from "node:path";
import { buildCommand } from "@stricli/core";
import { RUN_FILES } from "../../contract/run.ts";
import type { RuntimeName } from "../../contract/stack.ts";
import { VERDICT_EXIT_CODES, type VerdictFile } from "../../contract/verdict.ts";
import type { ValidateFlags } from "../../validation/options.ts";
import type { CommandContext } from "../context.ts";
import { parseCount, parseDuration, parseText } from "../parse.ts";
import { relayed } from "../relayed.ts";
import { runtimeFlag, serverFlags, sloFlags } from "../shared-flags.ts";

type Flags = Omit<ValidateFlags, "quietTimeoutMs"> & {
  quietTimeout?: number;
  allowNoFaults: boolean;
  canary: boolean;
  json: boolean;
  runtime?: RuntimeName;
  evidence?: string;
  root?: string;
};

const text = (brief: string, placeholder: string) =>
  ({ kind: "parsed", parse: parseText, optional: true, brief, placeholder }) as const;

export const validate = buildCommand<Flags, [], CommandContext>({
  docs: {
    brief: "Prove that no event was lost, duplicated or changed, or name the events that were",
    fullDescription:
      "Reads the whole run ledger, Kafka's log and PostgreSQL's tables, compares every event, and prints the verdict. Exit codes: 0 VALID, 1 INVALID, 2 UNKNOWN, 3 STALLED or SLO_BREACH, 4 VACUOUS.\nIf a setting is given several times, the first of these wins: flag, environment (KAFKA_BROKERS, POSTGRES_HOST, ...), the file of --config, the stack that is up, .env.\n\nExamples:\n  ./faultline validate\n  ./faultline validate --allow-no-faults --json\n  ./faultline validate --max-without-rows 20s --max-calm-p99 500ms\n  ./faultline validate --evidence payments.evidence --root 3f5a...\n  POSTGRES_PASSWORD=... ./faultline validate --producer-log-path ledger.ndjson --pipeline mine.yaml --brokers kafka:9092 --db-host db --db-name app --db-user app",
  },
  parameters: {
    flags: {
      runtime: runtimeFlag,
      run: text("The run [default: the stack's run, else the newest]", "id or path"),
      producerLogPath: text("The run ledger, if there is no run directory", "file"),
      journal: text("The fault journal", "file"),
      pipeline: text("The pipeline file", "file"),
      evidence: text("Judge this evidence file, without any server", "file"),
      root: text("Refuse the evidence file unless it has this root", "hex"),
      ...serverFlags,
      quietTimeout: {
        kind: "parsed",
        parse: parseDuration(0),
        optional: true,
        brief: "How long to wait for the pipeline to become quiet [default: 60s]",
        placeholder: "time",
      },
      minAcknowledged: {
        kind: "parsed",
        parse: parseCount(0),
        optional: true,
        brief: "With fewer acknowledged events the run proves nothing [default: 1000]",
        placeholder: "n",
      },
      allowNoFaults: {
        kind: "boolean",
        default: false,
        brief: "Judge the data even if no fault struck while events were under way",
      },
      canary: {
        kind: "boolean",
        default: true,
        brief: "Plant anomalies in a copy of the data, and require that the checks find them",
      },
      ...sloFlags,
      json: { kind: "boolean", default: false, brief: "Print verdict.json" },
    },
  },
  async func({ json, quietTimeout, runtime: runtimeName, evidence, root, ...flags }) {
    const print = (file: VerdictFile) => {
      this.process.stdout.write(json ? `${JSON.stringify(file)}\n` : `${printVerdict(file)}\n`);
      this.process.exitCode = VERDICT_EXIT_CODES[file.verdict];
    };
    const { printVerdict } = await import("../../validation/print-verdict.ts");
    if (evidence !== undefined || root !== undefined) {
      const { judgeEvidence } = await import("../judge-evidence.ts");
      return print(await judgeEvidence(this, { evidence, root, quietTimeout, runtime: runtimeName, ...flags }));
    }
    const runtime = await this.runtime(runtimeName);
    // Flags that name the data themselves mean no stack.
    const namesData = [flags.run, flags.producerLogPath, flags.config, flags.brokers, flags.dbHost];
    if (namesData.every((flag) => flag === undefined) && (await relayed(this, runtime, { changesRun: true }))) return;
    const [{ resolveOptions }, { judgeRun }, { Progress }, { findRun }, { readPipelineFile }] = await Promise.all([
      import("../../validation/options.ts"),
      import("../judge-run.ts"),
      import("../progress.ts"),
      import("../choose-run.ts"),
      import("../../platform/run-directory.ts"),
    ]);
    const progress = new Progress(this.process.stderr);
    const stack = runtime.find();
    const runDirectory = findRun(this, runtime, flags.run);
    const options = await resolveOptions(
      {
        ...flags,
        ...(quietTimeout !== undefined && { quietTimeoutMs: quietTimeout }),
        ...(flags.run !== undefined && runDirectory !== undefined && { run: runDirectory }),
      },
      {
        environment: stack === undefined ? this.dotEnvironment() : this.environment,
        ...(runDirectory !== undefined && { runDirectory }),
        ...(stack !== undefined && { stack }),
      },
    );
    const verdict = await judgeRun({ ...options, onProgress: (line) => progress.say(line), signal: this.signal });
    print(verdict.file);
    if (stack === undefined || runDirectory !== stack.run_directory) return;
    const { waitForCommitTimes } = await import("../commit-times.ts");
    const { partitions } = readPipelineFile(join(runDirectory, RUN_FILES.pipeline)).pipeline;
    const onProgress = (line: string): void => progress.say(line);
    await waitForCommitTimes(runDirectory, { partitions, onProgress, signal: this.signal });
  },
});
