import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { FaultlineError } from "../../contract/errors.ts";
import type { Pipeline } from "../../contract/pipeline.ts";
import { parseRun, RUN_FILES } from "../../contract/run.ts";
import type { PostgresLogin } from "../../contract/stack.ts";
import { ChangeTeller } from "./change-teller.ts";
import { EndsWatch } from "./ends-watch.ts";
import { LogWatch } from "./log-watch.ts";
import { OffsetsWatch } from "./offsets-watch.ts";
import { RowsWatch } from "./rows-watch.ts";
import { StoredSequences } from "./stored-sequences.ts";
import { TotalsWatch } from "./totals-watch.ts";
import { watchLoop } from "./watch-loop.ts";
import { WitnessLog } from "./witness-log.ts";

export type WitnessOptions = {
  /** host:port of each broker. */
  brokers: string[];
  topic: string;
  pipeline: Pipeline;
  postgres: PostgresLogin;
  /** Has run.json. */
  runDirectory: string;
  /** Called when a source ("log", "ends", "offsets", "rows", "totals", "file") stops answering, with the reason, and when it answers again. */
  onProblem?: (source: string, problem: string | undefined) => void;
};

const ENDS_EVERY_MS = 500;
/** Recovery is measured by them, so this is the error of its figures. */
const OFFSETS_EVERY_MS = 50;
/** After the server was away: how soon its first commits are seen again. */
const OFFSETS_RETRY_MS = 250;
const ROWS_EVERY_MS = 1_000;
const TOTALS_EVERY_MS = 2_000;

/**
 * Begins to write witness.ndjson in the run directory: a new session behind those that are there. Nothing throws afterwards: a source that does
 * not answer is asked again for ever.
 * @throws FaultlineError FL_RUN_MISSING, FL_CONFIG_INVALID (run.json, or a witness file that is damaged or of another run)
 */
export async function startWitness(options: WitnessOptions): Promise<{ stop(): Promise<void> }> {
  const { pipeline, runDirectory } = options;
  const run = await readRunNumber(runDirectory);
  const ending = new AbortController();
  const { signal } = ending;
  const told = new ChangeTeller(options.onProblem);
  const log = await WitnessLog.open(join(runDirectory, RUN_FILES.witness), run, {
    signal,
    onProblem: told.of("file"),
  });
  void log.append([{ t: "open", version: 1, run, session: log.past.nextSession, pid: process.pid, at_ms: Date.now() }]);
  const sequences = new StoredSequences();
  const ends = new EndsWatch(options, log);
  const records = new LogWatch({ ...options, partitions: pipeline.partitions }, log, ends, sequences);
  const offsets = new OffsetsWatch(options, log);
  const rows = new RowsWatch({ ...options, run }, log, offsets, sequences);
  const totals = new TotalsWatch({ ...options, run }, log);
  const loops = [
    watchLoop(0, signal, told.of("log"), () => records.round()),
    watchLoop(ENDS_EVERY_MS, signal, told.of("ends"), () => ends.round()),
    watchLoop(OFFSETS_EVERY_MS, signal, told.of("offsets"), () => offsets.round(), OFFSETS_RETRY_MS),
    watchLoop(ROWS_EVERY_MS, signal, told.of("rows"), () => rows.round()),
    watchLoop(TOTALS_EVERY_MS, signal, told.of("totals"), () => totals.round()),
  ];
  let stopped: Promise<void> | undefined;
  const stop = async () => {
    ending.abort();
    for (const watch of [offsets, rows, totals]) watch.close();
    await Promise.all([records.close(), ends.close()]);
    await Promise.all(loops);
    await records.flush();
    await log.close();
  };
  return { stop: () => (stopped ??= stop()) };
}

async function readRunNumber(runDirectory: string): Promise<number> {
  const file = join(runDirectory, RUN_FILES.run);
  try {
    return parseRun(await readFile(file, "utf8"), file).run;
  } catch (error) {
    if (error instanceof FaultlineError) throw error;
    throw new FaultlineError("FL_RUN_MISSING", `there is no run at ${runDirectory}: ${(error as Error).message}`, {
      remedy: "start a stack first (`./faultline up`)",
      cause: error,
    });
  }
}
