import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { FaultlineError } from "../contract/errors.ts";
import { parseJsonFile } from "../contract/parse-file.ts";
import { type VerdictFile, verdictSchema } from "../contract/verdict.ts";
import { waitUntil } from "../machine/clock.ts";
import { type BenchStack, withBenchStack } from "./bench-stack.ts";
import { loginOf } from "../platform/protocol/postgres-client.ts";
import { applied, connect } from "./database.ts";
import { startSinkJob } from "./job-process.ts";
import { busyCores, describeMachine } from "./machine.ts";
import { type BenchOptions, checkInterrupted, resolveBench, wholeNumber } from "./options.ts";
import { copyTablesPlainly, readLogPlainly } from "./plain-read.ts";
import { saveResult } from "./result-file.ts";
import { fillTopic } from "./topic-fill.ts";
import { judgeValidate, type ValidateBenchResult } from "./validate-result.ts";

export type ValidateBenchOptions = BenchOptions & { events?: number; rounds?: number };

const STORED_TIMEOUT_MS = 1_800_000;

/**
 * Events per second of `validate`, against plain reading of the same log and plain COPY of the same tables in the same round. The pipeline's own
 * producer and job make the run; then only the servers and what is measured are at work.
 * @throws FaultlineError FL_USAGE; FL_NOT_READY when the job does not store the run; FL_NODE_FAILED when a verdict is not VALID; FL_INTERRUPTED.
 */
export async function benchValidate(options: ValidateBenchOptions): Promise<ValidateBenchResult> {
  const events = wholeNumber("events", options.events ?? 2_000_000, 10_000);
  const rounds = wholeNumber("rounds", options.rounds ?? 3, 1);
  const bench = resolveBench(options);
  const busyBefore = await busyCores(bench.say);
  return withBenchStack(bench, async (target) => {
    await makeRun(target, events);
    const sessions = Math.min(availableParallelism(), target.pipeline.partitions);
    const rates = { log: [] as number[], copy: [] as number[], comparing: [] as number[], whole: [] as number[] };
    let peakMb = 0;
    for (let round = 1; round <= rounds; round++) {
      bench.say(`round ${round} of ${rounds}`);
      rates.log.push(rateOf(await readLogPlainly(target, sessions)));
      rates.copy.push(rateOf(await copyTablesPlainly(target.stack, target.pipeline, sessions)));
      const judged = await validateOnce(target);
      rates.whole.push((events * 1000) / judged.wholeMs);
      rates.comparing.push((events * 1000) / judged.comparingMs);
      peakMb = Math.max(peakMb, judged.peakMb);
    }
    const rows: ValidateBenchResult["rows"] = [
      {
        id: "plain-log",
        title: `plain reading of the log, ${sessions} sessions`,
        eventsPerSecond: rates.log,
        peakMb: null,
      },
      {
        id: "plain-copy",
        title: `COPY of all tables, ${sessions} sessions`,
        eventsPerSecond: rates.copy,
        peakMb: null,
      },
      { id: "comparing", title: "validate, while it reads and compares", eventsPerSecond: rates.comparing, peakMb },
      { id: "whole", title: "validate, the whole command", eventsPerSecond: rates.whole, peakMb },
    ];
    const result: ValidateBenchResult = {
      version: 1,
      kind: "validate",
      atMs: Date.now(),
      machine: describeMachine(target.stack, busyBefore),
      pipeline: target.pipeline.name,
      events,
      rows,
      targets: judgeValidate(rows),
    };
    return { ...result, file: saveResult(bench.root, result) };
  });
}

function rateOf({ events, ms }: { events: number; ms: number }): number {
  return (events * 1000) / ms;
}

async function makeRun(target: BenchStack, events: number): Promise<void> {
  const { bench, pipeline } = target;
  const client = await connect(target.stack);
  try {
    await fillTopic(target, events);
    const job = startSinkJob(target, { trigger: "realtime", aggregates: true });
    try {
      bench.say("the job stores the run");
      const isStored = await waitUntil(STORED_TIMEOUT_MS, async () => {
        checkInterrupted(bench);
        job.checkAlive();
        return (await applied(client, pipeline)).records >= events;
      });
      if (!isStored)
        throw new FaultlineError("FL_NOT_READY", `the job did not store ${events} events in 30 min`, {
          remedy: "fewer --events",
        });
    } finally {
      await job.kill();
    }
    await client.query("VACUUM (ANALYZE)");
    await client.query("CHECKPOINT");
  } finally {
    await client.end().catch(() => {});
  }
}

/** Progress of the command has the seconds since its start. */
const COMPARING_BEGINS = /^\s*([\d.]+) s {2}reading PostgreSQL/m;
const COMPARING_ENDS = /^\s*([\d.]+) s {2}judging/m;

async function validateOnce({ bench, stack }: BenchStack) {
  const { host, port, database, user, password } = loginOf(stack.postgres);
  const brokers = stack.bootstrap_servers.join(",");
  const args = ["validate", "--run", stack.run_directory, "--brokers", brokers, "--allow-no-faults"];
  const login = ["--db-host", host, "--db-port", String(port), "--db-name", database, "--db-user", user];
  const beganMs = performance.now();
  const child = spawn(join(bench.root, "faultline"), [...args, ...login], {
    env: { ...process.env, POSTGRES_PASSWORD: password },
    stdio: ["ignore", "pipe", "pipe"],
    signal: bench.signal,
  });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (text += chunk.toString()));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  }).catch(() => null);
  const wholeMs = performance.now() - beganMs;
  checkInterrupted(bench);
  const verdict = readVerdict(stack.run_directory);
  if (code !== 0 || verdict?.verdict !== "VALID")
    throw new FaultlineError("FL_NODE_FAILED", `validate ended with code ${code}: ${text.slice(-2000)}`);
  const [from, to] = [COMPARING_BEGINS, COMPARING_ENDS].map((line) => Number(line.exec(text)?.[1]) * 1000);
  return { wholeMs, comparingMs: (to as number) - (from as number), peakMb: verdict.peak_memory_mb };
}

function readVerdict(directory: string): VerdictFile | undefined {
  const file = join(directory, "verdict.json");
  return parseJsonFile(verdictSchema, readFileSync(file, "utf8"), file, { remedy: "" });
}
