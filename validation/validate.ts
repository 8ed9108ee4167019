import { basename, dirname, resolve } from "node:path";
import { FaultlineError } from "../contract/errors.ts";
import type { PostgresLogin } from "../contract/stack.ts";
import type { AnomalyKind, VerdictFile } from "../contract/verdict.ts";
import { runCanary } from "./canary.ts";
import { countEvents } from "./count-events.ts";
import { readFaultJournal } from "./fault-journal.ts";
import { Histories } from "./histories/histories.ts";
import { LedgerIngest } from "./histories/ledger-ingest.ts";
import { findAnomalies, judge } from "./judge.ts";
import { notProved } from "./not-proved.ts";
import { ProducerSilence } from "./producer-silence.ts";
import { readLog, readSink } from "./read-histories.ts";
import type { Progress } from "./read-histories.ts";
import { ledgerSize, readLedger } from "./read/ledger-file.ts";
import { UnreadableError } from "./read/unreadable-error.ts";
import { loadRun, runFiles } from "./run-files.ts";
import { Sources } from "./sources.ts";

export type ValidateOptions = {
  /** `runs/<id>/`: where ledger, journal and pipeline are unless they are named. */
  runDirectory?: string;
  ledgerFile?: string;
  journalFile?: string;
  /** Path of the pipeline file. */
  pipeline?: string;
  /** host:port of at least one broker. */
  brokers: string[];
  /** Unless it is the ledger's. */
  topic?: string;
  postgres: PostgresLogin;
  /** How long to wait at most for the pipeline to become quiet. */
  quietTimeoutMs: number;
  /** Nothing moves for this long, though the sink is behind: judge what there is. Default 60 s. */
  noProgressMs?: number;
  /** Judge the data even though no fault had an effect. */
  allowNoFaults: boolean;
  /** Fewer acknowledged events prove nothing. Default 1000. */
  minAcknowledged?: number;
  /** Run the checks again on a copy with planted anomalies. Default true. */
  canary?: boolean;
  onProgress?: Progress;
  signal?: AbortSignal;
};

const MIN_ACKNOWLEDGED = 1000;
/** Errors that another try or another source does not help: say so at once. */
const HOPELESS = new Set(["FL_POSTGRES_AUTH", "FL_SCHEMA_MISSING", "FL_TOPIC_MISSING", "FL_TOPIC_MISMATCH"]);

/**
 * Judges a run: reads ledger, PostgreSQL and Kafka whole, compares every event, and gives the verdict. Faults must have been healed before.
 * A producer that still runs is asked for silence meanwhile (`quiesce.json`, the only thing that is written).
 * What can't be read makes the verdict UNKNOWN, unless the rest proves it INVALID.
 * @throws FaultlineError FL_RUN_MISSING, FL_LEDGER_DAMAGED, FL_PIPELINE_INVALID: it is not known what to judge. FL_INTERRUPTED.
 */
export async function validate(options: ValidateOptions): Promise<VerdictFile> {
  const signal = options.signal ?? new AbortController().signal;
  try {
    return await judgeRun(options, signal);
  } catch (error) {
    if (signal.aborted) throw new FaultlineError("FL_INTERRUPTED", "the validation was interrupted: no verdict", { cause: error });
    throw error;
  }
}

async function judgeRun(options: ValidateOptions, signal: AbortSignal): Promise<VerdictFile> {
  const begin = performance.now();
  const progress = options.onProgress ?? (() => undefined);
  const { files, open, pipeline } = await loadRun(runFiles(options));
  const topic = options.topic ?? open.topic;
  const faults = await readFaultJournal(files.journal);
  const unknown = [...faults.problems, ...faults.unhealed.map((fault) => `${fault} is not healed; run \`./faultline heal\` and validate again`)];
  const doubtful = new Set<AnomalyKind>();
  const histories = new Histories(pipeline, { run: open.run, seed: open.seed, malformedPpm: open.malformed_ppm });

  const sources = new Sources(options, topic, pipeline.table);
  const silence = new ProducerSilence(options.runDirectory ?? dirname(files.ledger), progress);
  try {
    const attempt = async (read: () => Promise<void>): Promise<boolean> => {
      try {
        await read();
        return true;
      } catch (error) {
        if (!(error instanceof FaultlineError || error instanceof UnreadableError)) throw error;
        const remedy = error instanceof FaultlineError && error.remedy !== undefined ? ` (${error.remedy})` : "";
        const reason = `${error instanceof FaultlineError ? `${error.code}: ` : ""}${error.message}${remedy}`;
        if (!unknown.includes(reason)) unknown.push(reason);
        return !(error instanceof FaultlineError && HOPELESS.has(error.code));
      }
    };
    await silence.begin(signal);
    let goOn = await attempt(async () => {
      const quiet = await sources.waitUntilQuiet(files.ledger, signal);
      if (quiet.outcome !== "quiet")
        progress(`the pipeline is not quiet after ${Math.round(quiet.waitedMs / 1000)} s (${quiet.outcome}), ${quiet.behind} records to go`);
    });

    progress("reading the ledger");
    const ledgerBytes = await ledgerSize(files.ledger);
    const ledger = new LedgerIngest(histories, open);
    await readLedger(files.ledger, (line, number) => ledger.line(line, number), signal);
    ledger.finish();
    if (ledger.problemCount > 0) {
      const more = ledger.problemCount - ledger.problems.length;
      unknown.push(`FL_LEDGER_DAMAGED: ${ledger.problems.join("; ")}${more > 0 ? `; and ${more} more` : ""}`);
      // An attempt may be in the lines that are lost.
      for (const kind of ["phantom", "failed-visible", "duplicate-log"] as const) doubtful.add(kind);
    }

    if (goOn) {
      progress("reading PostgreSQL");
      goOn = await attempt(async () => readSink(histories, topic, await sources.postgres(), progress, signal));
    }
    if (goOn) {
      progress("reading Kafka");
      await attempt(async () => {
        const problems = await readLog(histories, sources.kafka, progress, signal);
        unknown.push(...problems);
        // Groups and offsets can't be recounted from a log with holes.
        if (problems.length > 0) for (const kind of ["lost-kafka", "aggregate-mismatch", "offset-gap", "dead-letter-mismatch"] as const) doubtful.add(kind);
      });
    }
    if ((await ledgerSize(files.ledger)) !== ledgerBytes) {
      unknown.push("the ledger grew while it was judged: the producer is still running; stop it and validate again");
      for (const kind of ["phantom", "aggregate-mismatch", "offset-gap"] as const) doubtful.add(kind);
    }
  } finally {
    await silence.end();
    await sources.close();
  }

  progress("judging");
  const anomalies = findAnomalies(histories);
  const canary = options.canary === false || !(histories.logRead || histories.sinkRead) ? null : runCanary(histories, anomalies);
  if (canary !== null && canary.missed.length > 0)
    unknown.push(`the checker is blind to ${canary.missed.join(", ")}: it did not find what was planted in a copy of this run`);
  const counts = countEvents(histories, faults.effective);
  const minAcknowledged = options.minAcknowledged ?? MIN_ACKNOWLEDGED;
  const { verdict, reasons } = judge(anomalies, {
    unknown,
    doubtful,
    faultsEffective: faults.effective,
    allowNoFaults: options.allowNoFaults,
    acknowledged: counts.acknowledged,
    minAcknowledged,
  });
  return {
    version: 1,
    run_id: runId(options.runDirectory, open.run),
    verdict,
    reasons,
    counts,
    anomalies,
    canary: canary === null ? null : { planted: canary.planted, found: canary.found },
    not_proved: notProved(histories, faults.hit, counts.indeterminate),
    duration_ms: Math.round(performance.now() - begin),
    at_ms: Date.now(),
  };
}

/** The run directory's name; without one, the number in the events' identity. */
function runId(runDirectory: string | undefined, run: number): string {
  return runDirectory === undefined ? String(run) : basename(resolve(runDirectory));
}
