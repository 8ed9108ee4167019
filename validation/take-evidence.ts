import { dirname, resolve, basename } from "node:path";
import { FaultlineError } from "../contract/errors.ts";
import { EVIDENCE_FILES, SECTIONS, type Taken } from "../contract/evidence.ts";
import { RUN_FILES } from "../contract/run.ts";
import type { Slo } from "../contract/slo.ts";
import { checkPartitions } from "./engine/read-run.ts";
import { copyFile, copyPartition, copyParts, restParts } from "./evidence-file/copy-run.ts";
import { EvidenceWriter } from "./evidence-file/evidence-writer.ts";
import { RecordedServers } from "./evidence-file/recorded-servers.ts";
import { WitnessEvidence } from "./evidence/witness-evidence.ts";
import { readFaultJournal, readJournalBytes } from "./fault-journal.ts";
import { Histories } from "./histories/histories.ts";
import { LedgerIngest } from "./histories/ledger-ingest.ts";
import { topicQuestion } from "./premises/kafka-facts.ts";
import { TOPIC_SETTINGS } from "./premises/kafka-premises.ts";
import { postgresPremises } from "./premises/postgres-premises.ts";
import { ProducerQuiesce } from "./producer-quiesce.ts";
import { ledgerSize, readLedger } from "./read/ledger-file.ts";
import type { Progress } from "./read/progress.ts";
import { type LoadedRun, loadRun, runFiles } from "./read/run-files.ts";
import { UnreadableError } from "./read/unreadable-error.ts";
import { RunTimes } from "./run-times.ts";
import { QUIET } from "./source/evidence-facts.ts";
import { logRanges, viewTotals } from "./source/question.ts";
import type { RunServers } from "./source/run-servers.ts";
import type { OpenServers } from "./validate.ts";
import { replicaQuestion } from "./evidence/replica-copies.ts";

export type EvidenceOptions = {
  runDirectory: string;
  /** Where to write the file. Default: `run.evidence` in the run directory. */
  out?: string;
  /** Default: the topic in the ledger. */
  topic?: string;
  /** Bounds besides those of the pipeline file that the evidence must be able to judge. */
  slo?: Slo;
  onProgress?: Progress;
  signal?: AbortSignal;
};

/** `bytes`: size of the file. `events`: records in the log. */
export type TakenEvidence = { file: string; bytes: number; root: string; events: number };

/** Every bound can be judged later; this one only if it is not below a second, or the pipeline file has it. */
const WITHOUT_ROWS_MS = 1000;
const SAY_EVERY_MS = 2000;

/**
 * Writes everything that a verdict on this run reads into one file: log, tables in one snapshot, the run's files, the servers' answers. As `validate`,
 * it waits until the pipeline is quiet and asks a producer that still runs to quiesce.
 * @throws FaultlineError if a source can't be read: evidence has no empty places. FL_EVIDENCE_INCOMPLETE, FL_RUN_MISSING, FL_INTERRUPTED, ...
 */
export async function takeEvidence(options: EvidenceOptions, open: OpenServers): Promise<TakenEvidence> {
  const signal = options.signal ?? new AbortController().signal;
  const run = await loadRun(runFiles({ runDirectory: options.runDirectory }));
  const topic = options.topic ?? run.open.topic;
  const progress = options.onProgress ?? (() => undefined);
  const quiesce = new ProducerQuiesce(options.runDirectory, progress);
  const servers = open({ topic, pipeline: run.pipeline, run: run.open.run });
  try {
    await quiesce.begin(signal);
    return await new Taking({ ...options, progress, signal }, run, servers, topic).take();
  } catch (error) {
    if (signal.aborted)
      throw new FaultlineError("FL_INTERRUPTED", "interrupted: no evidence file was written", { cause: error });
    if (error instanceof UnreadableError) throw incomplete(error.message);
    throw error;
  } finally {
    await quiesce.end();
    await servers.close();
  }
}

class Taking {
  readonly #options: EvidenceOptions & { progress: Progress; signal: AbortSignal };
  readonly #run: LoadedRun;
  readonly #servers: RunServers;
  readonly #topic: string;
  readonly #recorded: RecordedServers;
  /** The monitor may write more meanwhile: those are in the evidence. */
  #witnessBytes = 0;

  constructor(
    options: EvidenceOptions & { progress: Progress; signal: AbortSignal },
    run: LoadedRun,
    servers: RunServers,
    topic: string,
  ) {
    this.#options = options;
    this.#run = run;
    this.#servers = servers;
    this.#topic = topic;
    this.#recorded = new RecordedServers(servers);
  }

  async take(): Promise<TakenEvidence> {
    const { signal, progress, runDirectory } = this.#options;
    const { ledger } = this.#run.files;
    this.#recorded.keep(QUIET, await this.#servers.waitUntilQuiet(ledger, signal));
    const file = this.#options.out ?? `${runDirectory}/${RUN_FILES.evidence}`;
    const writer = newWriter(file);
    try {
      const ledgerBytes = await ledgerSize(ledger);
      await this.#copyFiles(writer);
      progress("reading the ledger");
      const times = await this.#readTimes();
      const events = await this.#copyServers(writer, times);
      if ((await ledgerSize(ledger)) !== ledgerBytes)
        throw incomplete("the ledger grew while evidence was taken: the producer is still running");
      const taken: Taken = {
        version: 1,
        run_id: basename(resolve(runDirectory)),
        topic: this.#topic,
        taken_ms: Date.now(),
        events,
      };
      writer.whole(SECTIONS.TAKEN, "facts", JSON.stringify(taken));
      this.#recorded.finish(writer);
      return { file, events, ...writer.finish() };
    } finally {
      writer.abandon();
    }
  }

  async #copyFiles(writer: EvidenceWriter): Promise<void> {
    for (const name of EVIDENCE_FILES) {
      const file = `${this.#options.runDirectory}/${RUN_FILES[name]}`;
      const bytes = await copyFile(writer, file, SECTIONS.file(name));
      if (name === "witness") this.#witnessBytes = bytes ?? 0;
    }
  }

  /** The ledger decides which commit times a verdict looks up. */
  async #readTimes(): Promise<RunTimes> {
    const { files, open, pipeline } = this.#run;
    const faults = readFaultJournal(await readJournalBytes(files.journal));
    const rowsMs = this.#options.slo?.without_rows_ms ?? pipeline.slo?.without_rows_ms ?? WITHOUT_ROWS_MS;
    // All of them are measured, so that any bound can be judged later; the limits decide nothing here but how finely.
    const bounds: Slo = {
      without_rows_ms: Math.min(rowsMs, WITHOUT_ROWS_MS),
      visible_again_ms: 1,
      calm_p99_ms: 1,
    };
    const times = new RunTimes(faults.effective, pipeline, bounds);
    const { run, seed, malformed_ppm: malformedPpm } = open;
    const ingest = new LedgerIngest(new Histories(pipeline, { run, seed, malformedPpm }), (record) =>
      times.add(record),
    );
    await readLedger(files.ledger, (line, number) => ingest.line(line, number), this.#options.signal);
    ingest.finish();
    await times.readFiles(files);
    return times;
  }

  /** @returns the number of records in the log. */
  async #copyServers(writer: EvidenceWriter, times: RunTimes): Promise<number> {
    const { signal, progress } = this.#options;
    const { pipeline } = this.#run;
    const { ask } = this.#recorded;
    await this.#servers.beginSnapshot();
    await postgresPremises(ask, pipeline);
    const parts = this.#servers.partitions();
    const meter = this.#meter(writer);
    try {
      await copyParts(writer, parts, restParts(pipeline), meter, signal);
      const ranges = await ask(logRanges("judged"));
      checkPartitions(ranges, { partitions: Array.from({ length: pipeline.partitions }) });
      for (const range of ranges) await copyPartition(writer, parts, pipeline, range, meter, signal);
      progress("looking commit times up");
      await this.#recorded.lookUps(writer, (lookUp) => times.readRows(lookUp));
      const { files, open } = this.#run;
      const ever = { fromMs: Number.NEGATIVE_INFINITY, toMs: Number.POSITIVE_INFINITY };
      const witness = await WitnessEvidence.read(files.witness, open, pipeline, ever, this.#witnessBytes);
      await witness.compareRows(ask, signal);
      // Last of all in PostgreSQL: if it is gone meanwhile, this fails.
      for (const spec of pipeline.aggregates) await ask(viewTotals(spec));
      progress("reading the followers' copies");
      await ask(replicaQuestion(ranges, signal));
      await ask(logRanges("after"));
      await ask(topicQuestion(TOPIC_SETTINGS));
      return ranges.reduce((sum, { start, end }) => sum + end - start, 0);
    } finally {
      await parts.close();
    }
  }

  /** @returns takes bytes of content as they are read, and says now and then how many there are. */
  #meter(writer: EvidenceWriter): (bytes: number) => void {
    let [sum, saidMs] = [0, performance.now()];
    return (bytes) => {
      sum += bytes;
      if (performance.now() - saidMs < SAY_EVERY_MS) return;
      saidMs = performance.now();
      this.#options.progress(`copying log and tables: ${megabytes(sum)} read, ${megabytes(writer.bytes)} written`);
    };
  }
}

function newWriter(file: string): EvidenceWriter {
  try {
    return new EvidenceWriter(file);
  } catch (error) {
    throw new FaultlineError("FL_CONFIG_INVALID", `${file} can't be written: ${(error as Error).message}`, {
      remedy: `give --out a file in a directory that exists; ${dirname(file)} does not, or may not be written`,
      cause: error,
    });
  }
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(bytes < 1e8 ? 1 : 0)} MB`;
}

function incomplete(message: string): FaultlineError {
  return new FaultlineError("FL_EVIDENCE_INCOMPLETE", message, {
    remedy: "stop the producer, or correct what the message names, then run `./faultline evidence` again",
  });
}
