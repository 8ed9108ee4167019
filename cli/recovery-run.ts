import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { DEFAULT_FAULTS, recoveryFault } from "../bench/recovery/faults.ts";
import { benchRecovery, type CellOrder } from "../bench/recovery/recovery-bench.ts";
import type { RecoveryResults } from "../bench/recovery/results.ts";
import { readResults, resumeResults, writeResults } from "../bench/recovery/results-file.ts";
import { roundPlan } from "../bench/recovery/round-plan.ts";
import { renderRecoveryTables } from "../bench/recovery/table.ts";
import { chooseVariants, type PlannedNodes, VARIANTS } from "../bench/recovery/variants.ts";
import { FaultlineError } from "../contract/errors.ts";
import { lockFile } from "../machine/file-lock.ts";
import { readPipelineFile } from "../platform/run-directory.ts";
import type { Power, Runtime } from "../platform/runtime.ts";
import type { CommandContext } from "./context.ts";
import { Progress } from "./progress.ts";
import { runRecoveryCell } from "./recovery-cell.ts";

export type RecoveryRequest = {
  rounds: number;
  rate: number;
  faults?: readonly string[];
  variants?: readonly string[];
  hold?: number;
  seed: number;
  pipelineFile: string;
  /** Of the results. */
  file: string;
  fresh: boolean;
  table: boolean;
  json: boolean;
};

/**
 * Checks everything, then measures cell after cell and prints the results, also after an error.
 * @throws FaultlineError FL_USAGE, FL_PIPELINE_INVALID, FL_FAULT_UNAVAILABLE before anything starts; as benchRecovery.
 */
export async function runRecoveryBench(
  context: CommandContext,
  runtime: Runtime,
  power: Power,
  request: RecoveryRequest,
): Promise<void> {
  const { pipelineFile, rate, seed, file } = request;
  const print = (results: RecoveryResults): void => {
    const text = request.json ? `${JSON.stringify(results)}\n` : renderRecoveryTables(results);
    if (results.cells.length > 0 || request.json) context.process.stdout.write(text);
  };
  if (request.table) {
    print(requireResults(file));
    return;
  }
  const { pipeline, sha256 } = readPipelineFile(pipelineFile);
  const orders = ordersOf(request, power, pipeline.partitions);
  const settings = {
    pipeline: pipeline.name,
    pipeline_sha256: sha256,
    trigger: "realtime",
    events_per_second: rate,
  } as const;
  let results = resumeResults(file, settings, request.fresh);
  const progress = new Progress(context.process.stderr);
  const say = (line: string): void => progress.say(line);
  await using cleanUp = new AsyncDisposableStack();
  cleanUp.defer(await lockBench(context.stateDir));
  try {
    results = await benchRecovery({
      orders,
      results,
      runCell: (order) => runRecoveryCell(context, runtime, order, { pipelineFile, rate, seed, say }),
      save: (now) => {
        results = now;
        writeResults(file, now);
      },
      say,
    });
  } finally {
    say(`results: ${file}`);
    print(results);
  }
}

function requireResults(file: string): RecoveryResults {
  const results = readResults(file);
  if (results !== undefined && results.cells.length > 0) return results;
  throw new FaultlineError("FL_USAGE", `${file} has no results`, { remedy: "./faultline bench recovery" });
}

/** Fault by fault, each on all variants: what is compared is measured close together. Each can be planned on the stack that it will have. */
function ordersOf(request: RecoveryRequest, power: Power, partitions: number): CellOrder[] {
  const { rounds, hold, pipelineFile } = request;
  const nodesOf: PlannedNodes = (wanted) => power.plannedNodes({ ...wanted, pipelineFile });
  const variants = chooseVariants(request.variants, nodesOf);
  const faults = (request.faults ?? DEFAULT_FAULTS).map((name) => recoveryFault(name, hold));
  const orders = faults.flatMap((fault) => variants.map((variant): CellOrder => ({ variant, fault, rounds })));
  for (const { fault, variant } of orders)
    roundPlan(fault, { nodes: nodesOf(VARIANTS[variant].request), partitions }, request.seed, 1);
  return orders;
}

/** The benchmark's stack is one place: a second benchmark would remove the first one's. */
async function lockBench(stateDir: string): Promise<() => Promise<void> | void> {
  const file = join(dirname(stateDir), "bench-recovery");
  mkdirSync(dirname(file), { recursive: true });
  const unlock = await lockFile(file);
  if (unlock !== undefined) return unlock;
  throw new FaultlineError("FL_STACK_BUSY", "another `bench recovery` is at work in this checkout", {
    remedy: "wait until it is done",
  });
}
