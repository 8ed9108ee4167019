import { readFileSync } from "node:fs";
import { basename, join, relative, resolve } from "node:path";
import { runPlan } from "../chaos/engine.ts";
import { heal } from "../chaos/heal.ts";
import { unavailableFaults } from "../chaos/plan/unavailable-faults.ts";
import { makePlan, type PlanRequest } from "../chaos/plan/plan.ts";
import { isAbsent, required } from "../contract/capability.ts";
import { FaultlineError } from "../contract/errors.ts";
import type { NodeControl } from "../contract/node.ts";
import type { Pipeline } from "../contract/pipeline.ts";
import type { FaultKind } from "../contract/plan.ts";
import { parseRun, RUN_FILES } from "../contract/run.ts";
import type { RuntimeName, Stack, Trigger } from "../contract/stack.ts";
import { VERDICT_EXIT_CODES } from "../contract/verdict.ts";
import { poll, systemClock } from "../machine/clock.ts";
import { readPageFile } from "../monitor/http/page-file.ts";
import { loginOf } from "../platform/protocol/postgres-client.ts";
import { readPipelineFile } from "../platform/run-directory.ts";
import type { Power, ProducerControl, Relay, Runtime } from "../platform/runtime.ts";
import { faultTableText } from "../report/render/fault-table.ts";
import { type LiveLine, liveLine } from "../report/render/live-line-writer.ts";
import { writeReport } from "../report/render/report-files.ts";
import { type SloFlags, sloOf } from "../validation/options.ts";
import { waitForCommitTimes } from "./commit-times.ts";
import type { CommandContext } from "./context.ts";
import { judgeRun } from "./judge-run.ts";
import { openBrowser } from "./open-browser.ts";
import { Progress } from "./progress.ts";
import { postgresRequest } from "./shared-flags.ts";
import { requireStack } from "./stack-access.ts";
import { watchdogCommand } from "./watchdog-command.ts";
import { QUIET_TIMEOUT_MS, whileProducing } from "./while-producing.ts";

export type DemoFlags = {
  duration: number;
  rate: number;
  seed?: number;
  interval: number;
  trigger: Trigger;
  pipeline?: string;
  standby?: boolean;
  malformed: number;
  targets?: string[];
  faults?: FaultKind[];
  postgresStandby?: boolean;
  postgresSync?: boolean;
  open: boolean;
  keep: boolean;
  json: boolean;
  runtime?: RuntimeName;
} & SloFlags;

const PAGE_TIMEOUT_MS = 5_000;
/** On a slow machine recoveries take longer than the interval: the plan may take this much longer, rather than spare a kind of node. */
const GRACE_MS = 60_000;

/**
 * Runs the whole path once. Whatever happens, faults are undone and (without `keep`) everything is stopped.
 * @returns the exit code: the verdict's.
 */
export async function runDemo(context: CommandContext, flags: DemoFlags): Promise<number> {
  const progress = new Progress(context.process.stderr);
  const runtime = await context.runtime(flags.runtime, "local");
  await using cleanUp = new AsyncDisposableStack();
  // In one of the stack's containers, the stack was brought up from outside, and is taken down there.
  if (!isAbsent(runtime.power)) await bringUp(context, flags, runtime.power, progress, cleanUp);
  if (!isAbsent(runtime.relay)) return relayDemo(context, flags, runtime.relay, progress);

  const stack = requireStack(runtime);
  const { pipeline } = readPipelineFile(join(stack.run_directory, RUN_FILES.pipeline));
  const runFile = join(stack.run_directory, RUN_FILES.run);
  const { run, seed } = parseRun(readFileSync(runFile, "utf8"), runFile);
  progress.say(`seed ${seed}; the same seed gives the same events and the same plan`);
  if (flags.open) await showPage(async () => (await readPageFile(stack.run_directory))?.url ?? undefined, progress);
  await produceAndBreak(context, flags, { runtime, stack, pipeline, run, seed });
  progress.say("healed and drained");

  const verdict = await judgeRun({
    runDirectory: stack.run_directory,
    brokers: stack.bootstrap_servers,
    postgres: loginOf(stack.postgres),
    allowNoFaults: false,
    slo: sloOf(flags),
    quietTimeoutMs: QUIET_TIMEOUT_MS,
    onProgress: (text) => progress.say(text),
    signal: context.signal,
  });
  await waitForCommitTimes(stack.run_directory, {
    partitions: pipeline.partitions,
    onProgress: (text) => progress.say(text),
    signal: context.signal,
  });
  const { markdown, page, view } = await writeReport(stack.run_directory);
  if (flags.json) context.process.stdout.write(`${JSON.stringify(verdict.file)}\n`);
  const out = flags.json ? context.process.stderr : context.process.stdout;
  const table = faultTableText(view.faults, view.startMs, out.isTTY ? out.columns : undefined);
  out.write(`\n${table}\n\n${verdict.text}\n`);
  // In a container the path means nothing to the reader; the host says where it put the file.
  if (!isAbsent(runtime.power))
    out.write(`report: ${relative(process.cwd(), markdown)} and ${relative(process.cwd(), page)}\n`);
  return VERDICT_EXIT_CODES[verdict.file.verdict];
}

/** Starts a stack from nothing; `cleanUp` takes it down again unless it is to be kept. @throws FaultlineError as Power.check and Power.up */
async function bringUp(
  context: CommandContext,
  flags: DemoFlags,
  power: Power,
  progress: Progress,
  cleanUp: AsyncDisposableStack,
): Promise<void> {
  const seed = flags.seed ?? Math.floor(Math.random() * 2 ** 31);
  const file = flags.pipeline === undefined ? join(context.root, "pipelines/payments.yaml") : resolve(flags.pipeline);
  const { pipeline } = readPipelineFile(file);
  const request = {
    pipelineFile: file,
    seed,
    malformedPpm: flags.malformed,
    trigger: flags.trigger,
    producerRate: flags.rate,
    ...(flags.standby !== undefined && { standby: flags.standby }),
    ...postgresRequest(flags),
  };
  // A plan that can't be drawn is told now, and not after a minute of starting.
  makePlan({ ...planRequest(flags, seed, pipeline), nodes: power.plannedNodes(request) });
  await power.check(request, "new");
  const onProgress = (line: string): void => progress.say(line);
  if (!flags.keep)
    cleanUp.defer(async () => {
      progress.say("stopping everything");
      // Also after Ctrl-C: this is the cleaning up.
      await power.down({ volumes: true }, { onProgress, signal: new AbortController().signal });
    });
  await power.up(request, { onProgress, signal: context.signal });
}

/** The demo in the stack's own network; its run directory is brought back here. */
async function relayDemo(context: CommandContext, flags: DemoFlags, relay: Relay, progress: Progress): Promise<number> {
  if (flags.open) await showPage(() => relay.pageUrl(), progress);
  const values = {
    duration: flags.duration / 1000,
    interval: flags.interval / 1000,
    rate: flags.rate,
    trigger: flags.trigger,
    targets: flags.targets?.join(","),
    faults: flags.faults?.join(","),
    "max-without-acknowledgement": inSeconds(flags.maxWithoutAcknowledgement),
    "max-without-rows": inSeconds(flags.maxWithoutRows),
    "max-visible-again": inSeconds(flags.maxVisibleAgain),
    "max-calm-p99": inSeconds(flags.maxCalmP99),
    "max-turned-away": flags.maxTurnedAway,
  };
  const argv = Object.entries(values).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, `${value}`],
  );
  const code = await relay.run(["demo", ...argv, ...(flags.json ? ["--json"] : [])]);
  const run = await relay.fetchRun({ logs: true });
  const out = flags.json ? context.process.stderr : context.process.stdout;
  if (run !== undefined) out.write(`report: ${relative(process.cwd(), join(run, RUN_FILES.report))}\n`);
  return code;
}

/** The stack's monitor serves the page; it may be about to begin. Without one the demo goes on all the same. */
async function showPage(
  find: () => Promise<string | undefined> | string | undefined,
  progress: Progress,
): Promise<void> {
  const url = await poll(systemClock, PAGE_TIMEOUT_MS, find, { everyMs: 250 });
  progress.say(url === undefined ? "the monitor serves no page; its log says why" : `the page: ${url}`);
  if (url !== undefined) openBrowser(url);
}

function inSeconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1000;
}

function planRequest(flags: DemoFlags, seed: number, pipeline: Pipeline): Omit<PlanRequest, "nodes"> {
  return {
    seed,
    durationMs: flags.duration,
    intervalMs: flags.interval,
    partitions: pipeline.partitions,
    ...(flags.targets !== undefined && { targets: flags.targets }),
    ...(flags.faults !== undefined && { kinds: flags.faults }),
  };
}

type DemoRun = { runtime: Runtime; stack: Stack; pipeline: Pipeline; run: number; seed: number };

/** Steady first, then the plan, then heal and drain. */
async function produceAndBreak(context: CommandContext, flags: DemoFlags, run: DemoRun): Promise<void> {
  const { runtime, stack, pipeline } = run;
  const control = required(runtime.control).nodes(pipeline.topic);
  const producer = required(runtime.producer);
  const live: LiveLine = liveLine(context.process.stderr, Date.now());
  const production = {
    producer,
    runDirectory: stack.run_directory,
    partitions: pipeline.partitions,
    rate: flags.rate,
    signal: context.signal,
    onSample: (...seen: Parameters<LiveLine["onSample"]>) => live.onSample(...seen),
  };
  try {
    await whileProducing(production, () => breakAndDrain(context, flags, run, { control, producer, live }));
  } finally {
    live.end();
  }
}

async function breakAndDrain(
  context: CommandContext,
  flags: DemoFlags,
  { stack, pipeline, run, seed }: DemoRun,
  { control, producer, live }: { control: NodeControl; producer: ProducerControl; live: LiveLine },
): Promise<void> {
  const journalFile = join(stack.run_directory, RUN_FILES.journal);
  const plan = makePlan({
    ...planRequest(flags, seed, pipeline),
    nodes: await unavailableFaults(control, flags.faults),
  });
  live.note(`steady; breaking it: ${plan.faults.length} faults in ${plan.duration_ms / 1000} s`);
  const result = await runPlan({
    plan,
    run,
    control,
    journalFile,
    planFile: join(stack.run_directory, RUN_FILES.plan),
    watchdogCommand: watchdogCommand(context, stack.runtime, stack.run_directory),
    graceMs: GRACE_MS,
    signal: context.signal,
    onEvent: ({ type, text }) => (type === "late" || type === "not-settled") && live.note(text),
  });
  if (result.aborted)
    throw new FaultlineError("FL_INTERRUPTED", `interrupted; the run so far is in ${basename(stack.run_directory)}`);
  await heal({ journalFile, control, by: "heal" });
  await producer.stop();
}
