import { join } from "node:path";
import type { Logger } from "pino";
import { FaultlineError } from "../contract/errors.ts";
import { RUN_FILES } from "../contract/run.ts";
import { lockFile } from "../machine/file-lock.ts";
import { startCommits } from "./commits/commits.ts";
import { startMonitorPage } from "./http/monitor-page.ts";
import { metricsRoute } from "./metrics/metrics-route.ts";
import type { ObservedRun } from "./observed.ts";
import type { MonitorOptions } from "./options.ts";
import { waitForRun, type WatchedRun } from "./run-directory.ts";
import { startSampler } from "./sample/sampler.ts";
import type { SourceListener } from "./sources/bounded-source.ts";
import { startWitness } from "./witness/witness.ts";

/** What a part of the monitor gets, and what it gives back: `stop` ends its file in order, and never throws. */
type PartOptions = MonitorOptions & WatchedRun & { observed: ObservedRun; onProblem: SourceListener; log: Logger };
type Part = { name: string; start(options: PartOptions): Promise<{ stop(): Promise<void> }> };

/** All that the process runs, in the order of their start. They end in the opposite order. */
const PARTS: readonly Part[] = [
  {
    name: "samples",
    start: async ({ brokers, postgres, nodes, driverStatusDirectory, directory, pipeline, observed, onProblem }) =>
      startSampler({
        brokers,
        postgres,
        nodes,
        driverStatusDirectory,
        runDirectory: directory,
        topic: pipeline.topic,
        partitions: pipeline.partitions,
        target: pipeline.table,
        createdColumn: pipeline.fields.find((field) => field.generate === "now")?.name,
        identity: pipeline.identity,
        onSource: onProblem,
        onSample: (sample, health, faults) => Object.assign(observed, { sample, health, faults }),
      }),
  },
  {
    name: "witness",
    start: async ({ brokers, postgres, directory, pipeline, onProblem }) =>
      startWitness({
        brokers,
        postgres,
        runDirectory: directory,
        topic: pipeline.topic,
        pipeline,
        onProblem: (source, problem) => onProblem(`witness ${source}`, problem),
      }),
  },
  {
    name: "commits",
    start: async ({ postgres, observed, onProblem }) => startCommits({ observed, postgres, onProblem }),
  },
  {
    // The last one: nothing waits for it, and it fails alone.
    name: "page",
    start: async ({ page, directory, observed, onProblem, log }) =>
      page === undefined
        ? { stop: () => Promise.resolve() }
        : startMonitorPage({
            address: page,
            directory,
            routes: [metricsRoute(() => observed)],
            onProblem: (problem) => onProblem("page", problem),
            onUrl: (url) => log.info({ url }, "the page"),
          }),
  },
];

/**
 * Watches a run until `stop` aborts: waits for its `run.json`, then runs every part. One monitor per run: it holds a lock on `samples.ndjson`,
 * which the kernel takes away when the process dies.
 * @throws FaultlineError FL_STACK_BUSY (another monitor watches this run), FL_RUN_MISSING, FL_CONFIG_INVALID, FL_PIPELINE_INVALID, FL_PREREQUISITE
 */
export async function runMonitor(options: MonitorOptions, log: Logger, stop: AbortSignal): Promise<void> {
  log.info({ run_directory: options.runDirectory }, "waiting for the run");
  const run = await waitForRun(options.runDirectory, stop);
  if (run === undefined) return;
  const file = join(run.directory, RUN_FILES.samples);
  const unlock = await lockFile(file);
  if (unlock === undefined)
    throw new FaultlineError("FL_STACK_BUSY", `${file}: another monitor watches this run`, {
      remedy: "leave it to that one; two monitors would write the same files",
    });
  await using running = new AsyncDisposableStack();
  running.defer(unlock);
  const onProblem: SourceListener = (source, problem) =>
    problem === undefined ? log.info({ source }, "problem over") : log.warn({ source, problem }, "problem");
  const observed: ObservedRun = { ...run, sample: undefined, health: undefined, faults: [] };
  for (const part of PARTS) {
    const started = await part.start({ ...options, ...run, observed, onProblem, log });
    running.defer(async () => {
      await started.stop();
      log.info({ part: part.name }, "ended");
    });
    log.info({ part: part.name, run_directory: run.directory }, "started");
  }
  await aborted(stop);
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
}
