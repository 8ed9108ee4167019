import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { busyCores, describeMachine } from "../bench/machine.ts";
import type { CellOrder, CellOutcome } from "../bench/recovery/recovery-bench.ts";
import type { Round } from "../bench/recovery/results.ts";
import { ROUND_LIMIT_MS } from "../bench/recovery/round-plan.ts";
import { roundsOf } from "../bench/recovery/round.ts";
import { VARIANTS } from "../bench/recovery/variants.ts";
import { heal } from "../chaos/heal.ts";
import { required } from "../contract/capability.ts";
import { FaultlineError } from "../contract/errors.ts";
import type { PlannedFault } from "../contract/plan.ts";
import { parseRun, RUN_FILES } from "../contract/run.ts";
import type { Stack } from "../contract/stack.ts";
import { loginOf } from "../platform/protocol/postgres-client.ts";
import { readPipelineFile } from "../platform/run-directory.ts";
import type { Runtime } from "../platform/runtime.ts";
import { measureRun } from "../report/measure/measured-run.ts";
import { waitForCommitTimes } from "./commit-times.ts";
import type { CommandContext } from "./context.ts";
import { judgeRun } from "./judge-run.ts";
import { recoveryRounds } from "./recovery-rounds.ts";
import { requireStack } from "./stack-access.ts";
import { QUIET_TIMEOUT_MS, whileProducing } from "./while-producing.ts";

export type CellSettings = {
  pipelineFile: string;
  /** Events per second. */
  rate: number;
  seed: number;
  say: (line: string) => void;
};

/** For the start, the last rows, the proof and the end, beside the rounds. */
const FRAME_MS = 900_000;

/**
 * Measures one cell on a stack of its own, from nothing: up, produce, the rounds, drain, validate, down. The run's directory stays.
 * @param context whose state directory is the benchmark's own; what an earlier benchmark left there is removed.
 */
export async function runRecoveryCell(
  context: CommandContext,
  runtime: Runtime,
  order: CellOrder,
  settings: CellSettings,
): Promise<CellOutcome> {
  const beganMs = Date.now();
  const limitMs = FRAME_MS + 2 * order.rounds * (ROUND_LIMIT_MS + order.fault.holdMs);
  const signal = AbortSignal.any([context.signal, AbortSignal.timeout(limitMs)]);
  const found: Partial<CellOutcome> = {};
  let why: string | null = null;
  try {
    await measureCell({ ...context, signal }, runtime, order, settings, found);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    why = error instanceof FaultlineError ? `${error.code}: ${error.message}` : (error.stack ?? error.message);
  }
  const rounds = found.run_directory ? await roundsOfRun(found.run_directory) : [];
  return {
    seed: settings.seed,
    run_directory: null,
    verdict: null,
    reasons: [],
    machine: null,
    ...found,
    began_ms: beganMs,
    ended_ms: Date.now(),
    rounds,
    why: signal.aborted && !context.signal.aborted ? `not done within ${limitMs / 60_000} minutes` : why,
    interrupted: context.signal.aborted,
  };
}

async function measureCell(
  context: CommandContext,
  runtime: Runtime,
  order: CellOrder,
  { pipelineFile, rate, seed, say }: CellSettings,
  found: Partial<CellOutcome>,
): Promise<void> {
  const { signal } = context;
  const power = required(runtime.power);
  const work = { onProgress: (): void => {}, signal };
  const remove = async (): Promise<void> => {
    // Also after Ctrl-C: this is the cleaning up.
    await power.down({ volumes: true }, { ...work, signal: new AbortController().signal });
    rmSync(context.stateDir, { recursive: true, force: true });
  };
  await remove();
  await using cleanUp = new AsyncDisposableStack();
  const busy = await busyCores(say);
  cleanUp.defer(async () => {
    say("stopping everything");
    await remove();
  });
  const request = { ...VARIANTS[order.variant].request, pipelineFile, seed, producerRate: rate };
  await power.check(request, "new");
  say("starting a stack");
  await power.up(request, work);
  const stack = requireStack(runtime);
  found.run_directory = stack.run_directory;
  const { cpu, cores, memoryGib, versions } = describeMachine(stack, busy);
  found.machine = { cores, cpu, memory_gib: memoryGib, busy_before: busy, versions };
  await produceAndStrike(context, runtime, stack, order, { pipelineFile, rate, seed, say });
  const { file } = await judgeRun({
    runDirectory: stack.run_directory,
    brokers: stack.bootstrap_servers,
    postgres: loginOf(stack.postgres),
    // The rounds count for themselves those that had an effect; a fault beside the events' path is measured, too.
    allowNoFaults: true,
    slo: {},
    quietTimeoutMs: QUIET_TIMEOUT_MS,
    signal,
  });
  found.verdict = file.verdict;
  found.reasons = file.reasons;
  say(`verdict: ${file.verdict}`);
}

async function produceAndStrike(
  context: CommandContext,
  runtime: Runtime,
  stack: Stack,
  order: CellOrder,
  { rate, seed, say }: CellSettings,
): Promise<void> {
  const { signal } = context;
  const directory = stack.run_directory;
  const { pipeline } = readPipelineFile(join(directory, RUN_FILES.pipeline));
  const control = required(runtime.control).nodes(pipeline.topic);
  const producer = required(runtime.producer);
  const { partitions } = pipeline;
  const runFile = join(directory, RUN_FILES.run);
  const { run } = parseRun(readFileSync(runFile, "utf8"), runFile);
  await whileProducing({ producer, runDirectory: directory, partitions, rate, signal }, async () => {
    await recoveryRounds(context, { ...order, control, run, seed, partitions, directory, runtime: runtime.name, say });
    await heal({ journalFile: join(directory, RUN_FILES.journal), control, by: "heal" });
    await waitForCommitTimes(directory, { partitions, onProgress: say, signal });
    await producer.stop();
  });
}

/** Measured from the run directory alone, however far the run came. */
async function roundsOfRun(directory: string): Promise<Round[]> {
  const measured = await measureRun(directory);
  const planned = new Map<number, PlannedFault>();
  for (const record of measured.journal.value?.records ?? [])
    if (record.t === "planned") planned.set(record.id, record.fault);
  return roundsOf(measured.id, measured.recoveries.faults, planned);
}
