import { readFileSync } from "node:fs";
import { basename, join, relative } from "node:path";
import writeFileAtomic from "write-file-atomic";
import { runPlan } from "../chaos/engine.ts";
import { heal } from "../chaos/heal.ts";
import { encodePlan, makePlan } from "../chaos/plan.ts";
import { FaultlineError } from "../contract/errors.ts";
import type { Pipeline } from "../contract/pipeline.ts";
import { RUN_FILES, runSchema } from "../contract/run.ts";
import type { Stack } from "../contract/stack.ts";
import type { VerdictFile } from "../contract/verdict.ts";
import { down, status, up } from "../platform/local/stack.ts";
import { faultTableText } from "../report/fault-table.ts";
import { type LiveLine, liveLine } from "../report/live-line-writer.ts";
import { writeReport } from "../report/markdown.ts";
import { measureRun } from "../report/measured-run.ts";
import { startSampler } from "../report/sampler.ts";
import type { CommandContext } from "./context.ts";
import { readPipeline } from "./pipeline-file.ts";
import { stackRequest } from "./plan-request.ts";
import { Progress } from "./progress.ts";
import { startStackProducer, stopStackProducer } from "./producer-control.ts";
import { insideContainer, type Runtime } from "./runtime-choice.ts";
import { requireStack, stackLogin } from "./stack-access.ts";
import { nodeControl } from "./stack-runtime.ts";
import { SteadyWatch } from "./steady-watch.ts";
import { judgeRun } from "./judge-run.ts";
import { watchdogCommand } from "./watchdog-command.ts";

export type DemoFlags = {
  duration: number;
  rate: number;
  seed?: number;
  interval: number;
  trigger: "realtime" | "micro-batch";
  pipeline?: string;
  malformed: number;
  targets?: string;
  faults?: string;
  keep: boolean;
  json: boolean;
  runtime?: Runtime;
};

/** The stack must store rows of every partition this soon after the producer's start; else the machine can't carry it. */
const STEADY_TIMEOUT_MS = 90_000;
const QUIET_TIMEOUT_MS = 60_000;
/** On a slow machine recoveries take longer than the interval: the plan may take this much longer, rather than spare a kind of node. */
const GRACE_MS = 60_000;

/** Runs the whole path once. Whatever happens, faults are undone and (without `keep`) everything is stopped. */
export async function runDemo(context: CommandContext, flags: DemoFlags): Promise<VerdictFile> {
  const { signal } = context;
  const progress = new Progress(context.process.stderr);
  await using cleanUp = new AsyncDisposableStack();
  // In a container the stack was brought up from outside, and is taken down there.
  const { stack, seed } = insideContainer() ? existingStack(context) : await localStack(context, flags, progress, cleanUp);
  const { pipeline } = readPipeline(context.root, join(stack.runDirectory, RUN_FILES.pipeline));
  progress.say(`seed ${seed}; the same seed gives the same events and the same plan`);

  await produceAndBreak(context, flags, { stack, pipeline, seed, progress });

  const verdict = await judgeRun({
    runDirectory: stack.runDirectory,
    brokers: stack.bootstrapServers,
    postgres: stackLogin(stack),
    allowNoFaults: false,
    quietTimeoutMs: QUIET_TIMEOUT_MS,
    onProgress: (text) => progress.say(text),
    signal,
  });
  const reportFile = await writeReport(stack.runDirectory);
  const measured = await measureRun(stack.runDirectory);
  if (flags.json) context.process.stdout.write(`${JSON.stringify(verdict.file)}\n`);
  const out = flags.json ? context.process.stderr : context.process.stdout;
  out.write(`\n${faultTableText(measured.recoveries.faults, measured.startMs, out.isTTY ? out.columns : undefined)}\n\n${verdict.text}\n`);
  // In a container the path means nothing to whoever reads this; the host says where it put the file.
  if (!insideContainer()) out.write(`report: ${relative(process.cwd(), reportFile)}\n`);
  return verdict.file;
}

function existingStack(context: CommandContext): { stack: Stack; seed: number } {
  const stack = requireStack(context);
  const run = runSchema.parse(JSON.parse(readFileSync(join(stack.runDirectory, RUN_FILES.run), "utf8")));
  return { stack, seed: run.seed };
}

/** Starts a local stack from nothing; `cleanUp` takes it down again unless it is to be kept. @throws FaultlineError FL_STACK_BUSY, and as `up`. */
async function localStack(
  context: CommandContext,
  flags: DemoFlags,
  progress: Progress,
  cleanUp: AsyncDisposableStack,
): Promise<{ stack: Stack; seed: number }> {
  if ((await status(context.stateDir)).runDirectory !== undefined)
    throw new FaultlineError("FL_STACK_BUSY", "a stack is here already, and the demo starts from nothing", {
      remedy: "./faultline down --volumes, then again",
    });
  const { file } = readPipeline(context.root, flags.pipeline);
  const seed = flags.seed ?? Math.floor(Math.random() * 2 ** 31);
  const onProgress = ({ step }: { step: string }): void => progress.say(step);
  if (!flags.keep)
    cleanUp.defer(async () => {
      progress.say("stopping everything");
      await down({ stateDir: context.stateDir, volumes: true, onProgress });
    });
  const stack = await up({
    stateDir: context.stateDir,
    runsDir: context.runsDir,
    pipelineFile: file,
    seed,
    malformedPpm: flags.malformed,
    trigger: flags.trigger,
    onProgress,
    signal: context.signal,
  });
  return { stack, seed };
}

/** Steady first, then the plan, then heal and drain. */
async function produceAndBreak(
  context: CommandContext,
  flags: DemoFlags,
  run: { stack: Stack; pipeline: Pipeline; seed: number; progress: Progress },
): Promise<void> {
  const { stack, pipeline, seed, progress } = run;
  const { signal } = context;
  const control = nodeControl(context, pipeline.topic);
  const journalFile = join(stack.runDirectory, RUN_FILES.journal);
  const live: LiveLine = liveLine(context.process.stderr, Date.now());
  const steady = new SteadyWatch(pipeline.partitions);

  await startStackProducer(context, control, flags.rate);
  const sampler = await startSampler({
    brokers: stack.bootstrapServers,
    topic: pipeline.topic,
    partitions: pipeline.partitions,
    target: pipeline.table,
    createdColumn: pipeline.fields.find((field) => field.generate === "now")?.name,
    identity: pipeline.identity,
    postgres: stackLogin(stack),
    runDirectory: stack.runDirectory,
    onSample: (sample, seen) => {
      live.onSample(sample, seen);
      steady.observe(sample);
    },
  });
  try {
    await steady.wait(STEADY_TIMEOUT_MS, signal);
    const plan = makePlan({
      seed,
      durationMs: flags.duration,
      intervalMs: flags.interval,
      partitions: pipeline.partitions,
      ...(await stackRequest(control, flags)),
    });
    await writeFileAtomic(join(stack.runDirectory, RUN_FILES.plan), encodePlan(plan));
    live.note(`steady; breaking it: ${plan.faults.length} faults in ${plan.duration_ms / 1000} s`);
    const result = await runPlan({
      plan,
      control,
      journalFile,
      watchdogCommand: watchdogCommand(context, stack.runDirectory),
      graceMs: GRACE_MS,
      signal,
      onEvent: (event) => event.type === "late" && live.note(event.text),
    });
    if (result.aborted) throw new FaultlineError("FL_INTERRUPTED", `interrupted; the run so far is in ${basename(stack.runDirectory)}`);
    await heal({ journalFile, control, by: "heal" });
    await stopStackProducer(context, control);
    await steady.waitUntilStored(QUIET_TIMEOUT_MS, signal);
  } finally {
    live.end();
    await sampler.stop();
  }
  progress.say("healed and drained");
}
