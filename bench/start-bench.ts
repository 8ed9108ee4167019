import { rmSync } from "node:fs";
import { join } from "node:path";
import { FaultlineError } from "../contract/errors.ts";
import type { Stack } from "../contract/stack.ts";
import { waitUntil } from "../machine/clock.ts";
import { postgresAddress } from "../platform/local/nodes/postgres.ts";
import { down } from "../platform/local/stack/down.ts";
import { startProducer } from "../platform/local/stack/producer.ts";
import { up, type UpOptions } from "../platform/local/stack/up.ts";
import { readSettings, type Settings } from "../platform/local/state/settings.ts";
import { applied, connect } from "./database.ts";
import { busyCores, describeMachine, type Machine } from "./machine.ts";
import { type Bench, type BenchOptions, checkInterrupted, resolveBench, wholeNumber } from "./options.ts";
import { saveResult } from "./result-file.ts";
import {
  judgeStart,
  type StartBenchResult,
  type StartPhase,
  type StartRound,
  type StartTimes,
  summarizeStarts,
} from "./start-result.ts";

export type StartBenchOptions = BenchOptions & {
  /** Pairs of starts. Default 3. */
  rounds?: number;
};

const FIRST_ROW_TIMEOUT_MS = 120_000;
const RATE = 500;

/** What `up` says when a phase is over. */
const SAID: Record<Exclude<StartPhase, "row">, string> = {
  kafka: "Kafka: ready",
  postgres: "PostgreSQL: ready",
  workers: "Spark: ready",
  query: "driver: query runs",
};

/**
 * Brings a whole stack up on an empty state directory, with and without class archives in turn, and measures the time until each phase and until
 * the first row. The producer starts as soon as the query runs.
 * @throws FaultlineError FL_USAGE; as `up`; FL_NOT_READY when no row comes; FL_INTERRUPTED.
 */
export async function benchStart(options: StartBenchOptions): Promise<StartBenchResult> {
  const count = wholeNumber("rounds", options.rounds ?? 3, 1);
  const bench = resolveBench(options);
  const busyBefore = await busyCores(bench.say);
  let machine: Machine | undefined;
  const onStack = (stack: Stack): void => {
    machine = describeMachine(stack, busyBefore);
  };
  bench.say("a first start, which does not count: it makes the archives, and reads every jar from the disk");
  await start(bench, true, onStack);
  const rounds: StartRound[] = [];
  for (let round = 1; round <= count; round++) {
    bench.say(`round ${round} of ${count}`);
    rounds.push({ without: await start(bench, false, onStack), with: await start(bench, true, onStack) });
  }
  const rows = summarizeStarts(rounds);
  const result: StartBenchResult = {
    version: 1,
    kind: "start",
    atMs: Date.now(),
    machine: machine as Machine,
    pipeline: bench.pipeline.name,
    rows,
    targets: judgeStart(rows),
  };
  return { ...result, file: saveResult(bench.root, result) };
}

async function start(bench: Bench, archives: boolean, onStack: (stack: Stack) => void): Promise<StartTimes> {
  const { stateDir, pipelineFile, signal } = bench;
  checkInterrupted(bench);
  const remove = async (): Promise<void> => {
    await down({ stateDir, volumes: true });
    rmSync(stateDir, { recursive: true, force: true });
  };
  await remove();
  const times: Partial<StartTimes> = {};
  const beganMs = performance.now();
  const note = (phase: StartPhase): void => {
    times[phase] ??= Math.round(performance.now() - beganMs);
  };
  const { promise: stored, resolve, reject } = Promise.withResolvers<void>();
  // If `up` fails, nobody waits for it.
  stored.catch(() => {});
  const options: UpOptions = { stateDir, runsDir: join(stateDir, "runs"), pipelineFile, archives, signal };
  try {
    const stack = await up({
      ...options,
      onProgress: (line) => {
        for (const [phase, words] of Object.entries(SAID)) if (line.startsWith(words)) note(phase as StartPhase);
        // A standby driver is still to come then.
        if (line.startsWith(SAID.query)) firstRow(bench).then(() => resolve(note("row")), reject);
      },
    });
    await stored;
    onStack(stack);
    bench.say(`${archives ? "with" : "without"} archives: first row after ${((times.row ?? 0) / 1_000).toFixed(1)} s`);
    return times as StartTimes;
  } finally {
    await remove();
  }
}

/** Produces, and waits for a row. */
async function firstRow(bench: Bench): Promise<void> {
  await startProducer(bench.stateDir, { rate: RATE });
  const settings = readSettings(bench.stateDir) as Settings;
  const client = await connect({ postgres: postgresAddress(settings, bench.stateDir) });
  try {
    const isStored = await waitUntil(
      FIRST_ROW_TIMEOUT_MS,
      async () => {
        checkInterrupted(bench);
        return (await applied(client, bench.pipeline)).rows > 0;
      },
      { everyMs: 20 },
    );
    if (!isStored) throw new FaultlineError("FL_NOT_READY", `no row within ${FIRST_ROW_TIMEOUT_MS / 1_000} s`);
  } finally {
    await client.end().catch(() => {});
  }
}
