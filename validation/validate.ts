import { basename, dirname, resolve } from "node:path";
import { FaultlineError } from "../contract/errors.ts";
import type { Slo } from "../contract/slo.ts";
import type { Pipeline } from "../contract/pipeline.ts";
import type { AnomalyKind, VerdictFile } from "../contract/verdict.ts";
import { Beginning } from "./canary/beginning.ts";
import { runCanary } from "./canary/canary.ts";
import { WitnessCanary } from "./canary/witness-canary.ts";
import { countEvents } from "./count-events.ts";
import { LedgerWatch } from "./evidence/ledger-watch.ts";
import { contradictions, readRunEvidence } from "./evidence/run-evidence.ts";
import { WitnessEvidence } from "./evidence/witness-evidence.ts";
import { readFaultJournal, readJournalBytes } from "./fault-journal.ts";
import { Histories, type LogRead } from "./histories/histories.ts";
import { LedgerIngest } from "./histories/ledger-ingest.ts";
import { WITNESS_CHECKS } from "./checks/witness.ts";
import { findAnomalies } from "./checks/find-anomalies.ts";
import { judge } from "./judge.ts";
import { notProved } from "./not-proved.ts";
import { Premises } from "./premises/premises.ts";
import { ProducerQuiesce } from "./producer-quiesce.ts";
import type { Captured, SourceError } from "./engine/partition-reading.ts";
import { sourceError } from "./engine/read-partition.ts";
import { isHopeless, readRun } from "./engine/read-run.ts";
import type { Progress } from "./read/progress.ts";
import { ledgerSize, readLedger } from "./read/ledger-file.ts";
import { loadRun, runFiles } from "./read/run-files.ts";
import { RunTimes } from "./run-times.ts";
import type { RunServers } from "./source/run-servers.ts";
import { type SourceOptions, Sources } from "./source/sources.ts";
import { waived } from "./waived.ts";
import { compareCopies } from "./evidence/compare-copies.ts";
import { replicaQuestion } from "./evidence/replica-copies.ts";

/** What to judge, and how. */
export type JudgeOptions = {
  /** `runs/<id>/`: has ledger, journal and pipeline, unless they are named. */
  runDirectory?: string;
  ledgerFile?: string;
  journalFile?: string;
  /** Path of the pipeline file. */
  pipeline?: string;
  /** Default: the topic in the ledger. */
  topic?: string;
  /** Judge the data even if no fault had an effect. */
  allowNoFaults: boolean;
  /** With fewer acknowledged events the verdict is VACUOUS. Default 1000. */
  minAcknowledged?: number;
  /** Bounds that win over those of the pipeline file. */
  slo?: Slo;
  /** Run the checks again on a copy with planted anomalies. Default true. */
  canary?: boolean;
  onProgress?: Progress;
  signal?: AbortSignal;
};

/** `brokers`: host:port of at least one. */
export type ValidateOptions = JudgeOptions & Omit<SourceOptions, "onProgress">;

/** Makes the connections to the servers of a run, or opens what stands for them. */
export type OpenServers = (of: { topic: string; pipeline: Pipeline; run: number }) => RunServers;

/**
 * Judges a run: reads the whole ledger, PostgreSQL and Kafka, compares every event, and returns the verdict. All faults must be healed before.
 * A producer that still runs is asked to quiesce meanwhile (`quiesce.json`, the only file that this writes).
 * If a source can't be read, the verdict is UNKNOWN, unless the rest proves it INVALID.
 * @throws FaultlineError FL_RUN_MISSING, FL_LEDGER_DAMAGED, FL_PIPELINE_INVALID: nobody can say what to judge. FL_INTERRUPTED.
 */
export function validate(options: ValidateOptions): Promise<VerdictFile> {
  return validateFrom(options, (of) => new Sources(options, of));
}

/** Judges a run by what these servers say: live ones, or an evidence file. Else as `validate`. */
export async function validateFrom(options: JudgeOptions, open: OpenServers): Promise<VerdictFile> {
  const signal = options.signal ?? new AbortController().signal;
  try {
    return await readAndJudge(options, open, signal);
  } catch (error) {
    if (signal.aborted)
      throw new FaultlineError("FL_INTERRUPTED", "the validation was interrupted: no verdict", { cause: error });
    throw error;
  }
}

async function readAndJudge(
  options: JudgeOptions,
  openServers: OpenServers,
  signal: AbortSignal,
): Promise<VerdictFile> {
  const begin = performance.now();
  const progress = options.onProgress ?? (() => undefined);
  const premises = new Premises(runFiles(options));
  await premises.sealFiles();
  const { files, open, pipeline } = await loadRun(runFiles(options));
  const topic = options.topic ?? open.topic;
  const unknown: string[] = [];
  const directory = options.runDirectory ?? dirname(files.ledger);
  const evidence = await readRunEvidence(directory);
  const servers = openServers({ topic, pipeline, run: open.run });
  const asOfMs = servers.takenMs ?? Date.now();
  const watch = new LedgerWatch(evidence, asOfMs);
  const span = { fromMs: evidence.run?.created_ms ?? -Infinity, toMs: asOfMs };
  const journal = await readJournalBytes(files.journal);
  const faults = readFaultJournal(journal, span);
  const times = new RunTimes(faults.effective, pipeline, options.slo);
  unknown.push(
    ...faults.problems,
    ...contradictions(evidence, open, faults.records),
    ...faults.unhealed.map((fault) => `${fault} is not healed; run \`./faultline heal\` and validate again`),
  );
  const doubtful = new Set<AnomalyKind>();
  const histories = new Histories(pipeline, {
    run: open.run,
    seed: open.seed,
    malformedPpm: open.malformed_ppm,
    createdMs: evidence.run?.created_ms,
    asOfMs: servers.takenMs,
  });

  const complain = ({ code, message, remedy }: SourceError): boolean => {
    const reason = `${code === undefined ? "" : `${code}: `}${message}${remedy === undefined ? "" : ` (${remedy})`}`;
    if (!unknown.includes(reason)) unknown.push(reason);
    return !isHopeless({ code });
  };
  const beginning = new Beginning(pipeline.partitions);
  let captured = new Map<number, Captured>();
  let promised: Awaited<ReturnType<Premises["finish"]>>;
  const quiesce = new ProducerQuiesce(directory, progress);
  let witness: WitnessEvidence;
  const witnessSpan = { ...span };
  let unreadCopies: string[] = [];
  try {
    if (servers.takenMs === undefined) await quiesce.begin(signal);
    let goOn = true;
    try {
      const quiet = await servers.waitUntilQuiet(files.ledger, signal);
      if (quiet.outcome !== "quiet")
        progress(
          `the pipeline is not quiet after ${Math.round(quiet.waitedMs / 1000)} s (${quiet.outcome}): the sink is ${quiet.behind} records behind`,
        );
    } catch (error) {
      goOn = complain(sourceError(error));
    }

    progress("reading the ledger");
    await premises.sealLedger();
    const ledgerBytes = await ledgerSize(files.ledger);
    witnessSpan.toMs = servers.takenMs ?? Date.now();
    witness = await WitnessEvidence.read(files.witness, open, pipeline, witnessSpan);
    histories.witness = witness.seen;
    const ledger = new LedgerIngest(histories, (record) => {
      times.add(record);
      watch.add(record, ledger);
      witness.follow(record);
    });
    await readLedger(files.ledger, (line, number) => beginning.add(line, ledger.line(line, number)), signal);
    ledger.finish();
    await times.readFiles(files);
    const contradicted = watch.finish(ledger);
    unknown.push(...contradicted);
    if (ledger.problemCount > 0) {
      const more = ledger.problemCount - ledger.problems.length;
      unknown.push(`FL_LEDGER_DAMAGED: ${ledger.problems.join("; ")}${more > 0 ? `; and ${more} more` : ""}`);
    }
    if (ledger.problemCount + contradicted.length > 0) {
      // An attempt may be in the lines that are lost.
      for (const kind of ["phantom", "failed-visible", "duplicate-log"] as const) doubtful.add(kind);
    }

    if (witness.problems.length > 0) {
      unknown.push(`FL_WITNESS_DAMAGED: ${witness.problems.join("; ")}`);
      for (const { kinds } of WITNESS_CHECKS) for (const kind of kinds) doubtful.add(kind);
    }

    if (goOn) {
      const read = await readRun(histories, servers, {
        topic,
        beginning: beginning.captures,
        inSnapshot: () => premises.readPostgres(servers.ask, pipeline),
        progress,
        signal,
      });
      for (const problem of read.problems) complain(problem);
      for (const kind of read.doubtful) doubtful.add(kind);
      captured = read.captured;
      if (histories.sinkRead)
        try {
          await times.readRows(await servers.lookUpRows());
          await witness.compareRows(servers.ask, signal);
        } catch (error) {
          complain(sourceError(error));
        }
      if (histories.logRead) {
        // It was read, so each partition has one.
        const judged = histories.partitions.map(({ partition, log }) => ({ ...(log as LogRead), partition }));
        try {
          const copies = await servers.ask(replicaQuestion(judged, signal));
          const { differences, unread } = compareCopies(copies, histories.leaderBatches);
          histories.replicaDifferences = differences;
          unreadCopies = unread;
        } catch (error) {
          complain(sourceError(error));
        }
        await premises.readKafka(servers.ask, judged, ledger.tally.acks);
      }
    }
    if ((await ledgerSize(files.ledger)) !== ledgerBytes) {
      unknown.push("the ledger grew while it was judged: the producer is still running; stop it and validate again");
      for (const kind of ["phantom", "aggregate-mismatch", "offset-gap"] as const) doubtful.add(kind);
    }
    // While the producer is still quiesced: it goes on with its ledger afterwards.
    promised = await premises.finish();
    unknown.push(...promised.unknown);
  } finally {
    await quiesce.end();
    await servers.close();
  }

  progress("judging");
  const anomalies = findAnomalies(histories);
  const canary =
    options.canary === false || !(histories.logRead && histories.sinkRead)
      ? null
      : runCanary(
          {
            pipeline,
            settings: histories.settings,
            topic,
            bytes: beginning.runBytes(histories, topic, captured),
            events: beginning.events,
          },
          { bytes: journal, problems: (bytes) => readFaultJournal(bytes, span).problems.length },
          open.seed,
          witness.seen && new WitnessCanary(witness.beginning, histories, witnessSpan),
        );
  if (canary !== null && canary.missed.length > 0)
    unknown.push(`the checks do not find ${canary.missed.join(", ")}, planted in a copy of this run's own bytes`);
  if (histories.unverifiable > 0)
    unknown.push(
      `${histories.unverifiable} records and rows can't be compared: the ledger lines that have their creation times are damaged`,
    );
  const faultLines = times.faults;
  const counts = countEvents(histories, {
    effective: faults.effective.length,
    underLoad: faultLines.reduce((sum, { recovered }) => sum + recovered, 0),
  });
  const rows = histories.sinkRead ? counts.actual_rows : undefined;
  const { slo, hollow, breaches, unknown: unmeasured } = times.judge({ ...counts, rows }, options);
  unknown.push(...unmeasured);
  const { verdict, reasons } = judge(anomalies, { unknown, doubtful, hollow, breaches });
  return {
    version: 4,
    run_id: runId(options.runDirectory, open.run),
    verdict,
    reasons,
    waived: waived(options, { topic: open.topic, slo: pipeline.slo }),
    counts,
    anomalies,
    faults: faultLines,
    premises: [...promised.premises, ...witness.premises],
    slo,
    canary: canary && {
      planted: canary.planted,
      found: canary.found,
      kinds: canary.kinds,
      untested: canary.untested,
    },
    witness: witness.summary(),
    not_proved: [
      ...(canary?.untested ?? []).map(
        (kind) => `that the checks would find ${kind}: this run has no place to plant it`,
      ),
      ...notProved(histories, faultLines, times.noStoring, counts.indeterminate),
      ...witness.notProved(),
      ...unreadCopies,
      ...promised.notProved,
    ],
    evidence: null,
    duration_ms: Math.round(performance.now() - begin),
    peak_memory_mb: Math.round(process.resourceUsage().maxRSS / 1000),
    at_ms: Date.now(),
  };
}

/** The run directory's name; without one, the number in the events' identity. */
function runId(runDirectory: string | undefined, run: number): string {
  return runDirectory === undefined ? String(run) : basename(resolve(runDirectory));
}
