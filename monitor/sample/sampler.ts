import { readFile } from "node:fs/promises";
import { join } from "node:path";
import writeFileAtomic from "write-file-atomic";
import { FaultlineError } from "../../contract/errors.ts";
import type { FaultHistory } from "../../contract/fault-history.ts";
import type { Health } from "../../contract/health.ts";
import { parseRun, RUN_FILES } from "../../contract/run.ts";
import type { Sample } from "../../contract/sample.ts";
import { messageOf } from "../sources/bounded-source.ts";
import { HealthKeeper } from "./health-keeper.ts";
import { lastMoves } from "./last-moves.ts";
import { RunSources, type RunSourcesOptions } from "./run-sources.ts";
import { SampleLog } from "./sample-log.ts";
import { sampleOf } from "./sample-of.ts";

export type SamplerOptions = RunSourcesOptions & {
  intervalMs?: number;
  /** Called with each sample when it is on disk, the health that goes with it, and all faults of the journal so far. It must not throw. */
  onSample?: (sample: Sample, health: Health, faults: readonly FaultHistory[]) => void;
};

export type Sampler = { stop(): Promise<void> };

/** The part of an interval in which sources may answer; later answers are unknown in this sample. */
const ANSWER_SHARE = 0.8;
/** A sample that took longer, because this process was stopped or starved meanwhile, is left out: its figures are older than its time says. */
const MAXIMUM_MS = 1_000;

/**
 * Starts to write `samples.ndjson` and `health.json` in the run directory, one of each per interval, on time, even if a source hangs or is dead. A
 * sample's `at_ms` is when its last source had answered or was given up; `answered_ms` says when each one's figures were true. A time without
 * samples stays a gap.
 * @throws FaultlineError FL_RUN_MISSING when the run directory has no run.json, FL_CONFIG_INVALID when this build can't read it; afterwards
 *   nothing throws.
 */
export async function startSampler(options: SamplerOptions): Promise<Sampler> {
  const { partitions, runDirectory, intervalMs = 1_000, onSource, onSample } = options;
  const run = await readRunNumber(runDirectory);
  const healthFile = join(runDirectory, RUN_FILES.health);
  const moves = await lastMoves(join(runDirectory, RUN_FILES.witness), partitions).catch((error: unknown) => {
    onSource?.("earlier offsets", messageOf(error));
    return undefined;
  });
  const keeper = new HealthKeeper(partitions, moves);
  const log = await SampleLog.open(join(runDirectory, RUN_FILES.samples));
  const sources = new RunSources(options, run);
  // A journal that can't be read does not end the faults that it told of.
  let faults: readonly FaultHistory[] = [];

  const takeSample = async (): Promise<void> => {
    const startedMs = performance.now();
    const answers = await sources.ask(intervalMs * ANSWER_SHARE);
    const atMs = Date.now();
    faults = answers.faults ?? faults;
    const tookMs = performance.now() - startedMs;
    if (tookMs > MAXIMUM_MS) throw new Error(`a sample took ${Math.round(tookMs)} ms and is left out`);
    sources.accept(answers);
    const sample = sampleOf(answers, faults, atMs);
    const health = keeper.judge(sample, {
      logEnds: answers.kafka?.value.logEnds ?? null,
      errors: answers.driver?.value?.partitions ?? [],
    });
    await log.append(sample);
    await writeFileAtomic(healthFile, `${JSON.stringify(health)}\n`, { fsync: false });
    onSample?.(sample, health, faults);
  };

  const stopTicking = tick(intervalMs, takeSample, (error) => onSource?.("sampler", messageOf(error)));
  return {
    stop: async () => {
      await stopTicking();
      await Promise.all([sources.close(), log.close()]);
    },
  };
}

/** Calls `action` at multiples of the interval since now, never twice at once, and leaves out the times that passed meanwhile. */
function tick(intervalMs: number, action: () => Promise<void>, onError: (error: unknown) => void): () => Promise<void> {
  const start = performance.now();
  let timer: NodeJS.Timeout;
  let stopped = false;
  let running = Promise.resolve();
  const schedule = (): void => {
    const elapsed = performance.now() - start;
    timer = setTimeout(
      () => {
        running = action()
          .catch(onError)
          .then(() => (stopped ? undefined : schedule()));
      },
      intervalMs - (elapsed % intervalMs),
    );
  };
  schedule();
  return async () => {
    stopped = true;
    clearTimeout(timer);
    await running;
  };
}

async function readRunNumber(runDirectory: string): Promise<number> {
  const path = join(runDirectory, RUN_FILES.run);
  const text = await readFile(path, "utf8").catch((error: Error) => {
    throw new FaultlineError("FL_RUN_MISSING", `can't read ${path}: ${error.message}`, {
      remedy: "begin a run with `./faultline up`",
      cause: error,
    });
  });
  return parseRun(text, path).run;
}
