import { readFileSync } from "node:fs";
import { join } from "node:path";
import { FaultlineError } from "../../contract/errors.ts";
import { RUN_FILES } from "../../contract/run.ts";
import { decodeSample, type Sample } from "../../contract/sample.ts";
import { waitUntil } from "../../machine/clock.ts";
import { required } from "../../contract/capability.ts";
import { localNodeControl } from "../../platform/local/node-control.ts";
import { startProducer, stopProducer } from "../../platform/local/stack/producer.ts";
import { type BenchStack, withBenchStack } from "../bench-stack.ts";
import { busyCores, describeMachine } from "../machine.ts";
import { type BenchOptions, checkInterrupted, resolveBench, wholeNumber } from "../options.ts";
import { saveResult } from "../result-file.ts";
import { readProducerStatus } from "../topic-fill.ts";
import type { BacklogBenchResult, BacklogRow } from "./backlog-result.ts";
import { outageCourse } from "./course.ts";
import { MemoryWatch } from "./memory.ts";
import { chooseOutages, type Outage } from "./outages.ts";

export type BacklogBenchOptions = BenchOptions & {
  /** How long the nodes stay down. Default 60,000. */
  outageMs?: number;
  /** Events per second. Default 5,000. */
  rate?: number;
  /** Only these (OUTAGE_IDS). Default: all. */
  only?: readonly string[];
};

const CALM_MS = 15_000;
const READY_TIMEOUT_MS = 180_000;
/** A minute at 5,000 events/s, caught up at twice the rate, would take another minute. */
const NORMAL_TIMEOUT_MS = 180_000;
const HOLD = "bench-backlog";

/**
 * Takes nodes away for a minute under load, and measures how long it takes until the lag is normal again, how fast it was caught up, and how
 * much memory producer, executors and driver had at most.
 * @throws FaultlineError FL_USAGE; FL_NOT_READY when the stack does not come up, or is not normal again; FL_INTERRUPTED.
 */
export async function benchBacklog(options: BacklogBenchOptions): Promise<BacklogBenchResult> {
  const outageMs = wholeNumber("outage in ms", options.outageMs ?? 60_000, 1_000);
  const rate = wholeNumber("rate", options.rate ?? 5_000, 1);
  const outages = chooseOutages(options.only);
  const bench = resolveBench(options);
  const busyBefore = await busyCores(bench.say);
  const nodes = { driver: true, standby: true, sparkCluster: true, monitor: true };
  return withBenchStack(
    bench,
    async (target) => {
      const memory = new MemoryWatch(bench.stateDir);
      try {
        await startProducer(bench.stateDir, { rate });
        memory.start(1_000);
        const rows: BacklogRow[] = [];
        for (const outage of outages) rows.push(await measure(target, outage, { outageMs, rate }, memory));
        await stopProducer(bench.stateDir);
        const machine = describeMachine(target.stack, busyBefore);
        const result: BacklogBenchResult = {
          version: 1,
          kind: "backlog",
          atMs: Date.now(),
          machine,
          pipeline: target.pipeline.name,
          eventsPerSecond: rate,
          rows,
        };
        return { ...result, file: saveResult(bench.root, result) };
      } finally {
        memory.stop();
      }
    },
    nodes,
  );
}

type Load = { outageMs: number; rate: number };

async function measure(target: BenchStack, outage: Outage, load: Load, memory: MemoryWatch): Promise<BacklogRow> {
  const { bench, stack } = target;
  const { outageMs, rate } = load;
  const run = stack.run_directory;
  await until(target, `${outage.id}: calm`, READY_TIMEOUT_MS, () => isCalm(readSamples(run), rate));
  const calmMs = Date.now();
  await pause(target, CALM_MS);
  const throttledBefore = readProducerStatus(run)?.throttled ?? 0;
  const struck = await strike(target, outage, Date.now() + outageMs);
  const downMs = Date.now();
  bench.say(`${outage.id}: ${struck.join(", ")} down for ${outageMs / 1_000} s`);
  await pause(target, outageMs);
  const { lifecycle } = localNodeControl(bench.stateDir);
  for (const node of struck) await required(lifecycle).release(node, HOLD);
  const upMs = Date.now();
  const times = { calmMs, downMs, upMs };
  await until(
    target,
    `${outage.id}: a normal lag`,
    NORMAL_TIMEOUT_MS,
    () => outageCourse(readSamples(run), times, rate).normalMs !== null,
  );
  const row: BacklogRow = {
    id: outage.id,
    title: outage.title,
    outageMs,
    ...outageCourse(readSamples(run), times, rate),
    throttled: (readProducerStatus(run)?.throttled ?? 0) - throttledBefore,
    memory: { ...memory.peaks },
  };
  bench.say(`${outage.id}: normal ${((row.normalMs ?? 0) / 1_000).toFixed(1)} s after the release`);
  return row;
}

/** Kills the nodes and holds them down. @returns their names */
async function strike({ bench }: BenchStack, outage: Outage, untilMs: number): Promise<string[]> {
  const { inventory, lifecycle } = localNodeControl(bench.stateDir);
  const nodes = (await inventory.nodes()).filter(({ kind }) => kind === outage.kind).map(({ name }) => name);
  const struck = nodes.slice(-(outage.count ?? nodes.length));
  const life = required(lifecycle);
  // A late end of the benchmark must not leave them down for ever.
  for (const node of struck) await life.hold(node, HOLD, untilMs + 60_000);
  const lives = await Promise.all(struck.map((node) => life.lifeOf(node, "node")));
  await Promise.all(lives.flatMap((one) => (one === undefined ? [] : [life.strike(one, "kill", true)])));
  return struck;
}

function isCalm(samples: readonly Sample[], rate: number): boolean {
  const last = samples.slice(-5);
  return (
    last.length === 5 &&
    last.every(({ lag, backlog, rows }) => lag !== null && backlog !== null && (rows ?? 0) > 0 && lag + backlog < rate)
  );
}

/** From the start each time: some thousands of lines at most. */
function readSamples(runDirectory: string): Sample[] {
  let text = "";
  try {
    text = readFileSync(join(runDirectory, RUN_FILES.samples), "utf8");
  } catch {
    // The monitor has not begun.
  }
  return text.split("\n").flatMap((line) => decodeSample(line) ?? []);
}

async function pause({ bench }: BenchStack, ms: number): Promise<void> {
  await waitUntil(ms, () => {
    checkInterrupted(bench);
    return false;
  });
}

async function until({ bench }: BenchStack, what: string, timeoutMs: number, question: () => boolean): Promise<void> {
  const answer = (): boolean => {
    checkInterrupted(bench);
    return question();
  };
  if (!(await waitUntil(timeoutMs, answer, { everyMs: 500 })))
    throw new FaultlineError("FL_NOT_READY", `${what}: not within ${timeoutMs / 1_000} s`, {
      remedy: "a lower rate, a shorter outage, or a machine with less to do",
    });
}
