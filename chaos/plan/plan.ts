import { FaultlineError } from "../../contract/errors.ts";
import { parseJsonFile } from "../../contract/parse-file.ts";
import { NODE_KINDS } from "../../contract/node.ts";
import { type FaultKind, type Plan, type PlannedFault, planSchema } from "../../contract/plan.ts";
import { RandomStream } from "../../contract/random.ts";
import { drawParameters, parameterProblems } from "./condition-parameters.ts";
import type { PlanNode } from "./target-names.ts";
import { chooseTargets, type TargetChoice } from "./targets.ts";

export type PlanRequest = {
  /** 0 to 2^31 - 1. */
  seed: number;
  durationMs: number;
  intervalMs: number;
  nodes: readonly PlanNode[];
  /** Partitions of the pipeline's topic. */
  partitions: number;
  targets?: readonly string[];
  /** Only these faults. Default: DEFAULT_FAULT_KINDS. */
  kinds?: readonly FaultKind[];
};

/** Below this a node would have no time to recover: a hold of up to half the interval, and as much again to come back. */
export const MIN_INTERVAL_MS = 10_000;

/** Each purpose draws from a stream of its own, so that, say, another interval changes no target. The index is the fault's. */
const PURPOSE = { time: 1, target: 2, parameters: 3, order: 4 } as const;

/**
 * Draws a plan; the same request gives the same plan, byte for byte (encodePlan). The first round strikes everything that is
 * targeted once, in a shuffled order; what follows is random.
 * Fault i starts between 10 % and 30 % of the i-th interval: two are at least 0.8 intervals apart, and the last one has at
 * least 0.7 intervals left. If the duration has no room for one full round, the interval shrinks evenly, to MIN_INTERVAL_MS at least.
 * @throws FaultlineError FL_PLAN_INVALID for unknown targets, and for a duration or interval that is too short (naming the least that
 *   works); FL_FAULT_UNAVAILABLE for a fault in `kinds` that none of a target's nodes can suffer here.
 */
export function makePlan(request: PlanRequest): Plan {
  const { seed, durationMs } = request;
  requireInteger("--seed", seed, 0, 2 ** 31 - 1);
  requireInteger("--duration (ms)", durationMs, 1, Number.MAX_SAFE_INTEGER);
  requireInteger("--interval (ms)", request.intervalMs, 1, Number.MAX_SAFE_INTEGER);
  requireInteger("partitions", request.partitions, 1, 100_000);
  const choices = chooseTargets(request, request.targets, request.kinds);
  const intervalMs = fittingInterval(request, choices);

  const order = shuffled(choices, seed);
  const faults = Array.from({ length: Math.floor(durationMs / intervalMs) }, (_, index): PlannedFault => {
    const time = new RandomStream(seed, PURPOSE.time, index);
    const targets = new RandomStream(seed, PURPOSE.target, index);
    const parameters = new RandomStream(seed, PURPOSE.parameters, index);
    const choice = order[index] ?? pick(targets, choices);
    const fault = pick(parameters, choice.faults);
    const longestMs = Math.max(fault.holdMs[0], Math.min(fault.holdMs[1], Math.floor(intervalMs / 2)));
    return {
      id: index + 1,
      at_ms: Math.floor(index * intervalMs + intervalMs * 0.1 + time.float() * intervalMs * 0.2),
      kind: fault.kind,
      target: fault.draw(targets),
      hold_ms: parameters.integer(fault.holdMs[0], longestMs),
      ...drawParameters(fault.kind, parameters),
    };
  });
  const struck = new Set(choices.map(({ kind }) => (kind === "executor" ? "spark-worker" : kind)));
  return { version: 1, seed, duration_ms: durationMs, kinds: NODE_KINDS.filter((kind) => struck.has(kind)), faults };
}

function fittingInterval({ durationMs, intervalMs }: PlanRequest, choices: TargetChoice[]): number {
  const count = choices.length;
  if (intervalMs < MIN_INTERVAL_MS) {
    throw new FaultlineError("FL_PLAN_INVALID", `--interval ${seconds(intervalMs)} leaves a node no time to recover`, {
      remedy: `use --interval ${seconds(MIN_INTERVAL_MS)} or more`,
    });
  }
  const fitting = Math.min(intervalMs, Math.floor(durationMs / count));
  if (fitting < MIN_INTERVAL_MS) {
    throw new FaultlineError(
      "FL_PLAN_INVALID",
      `--duration ${seconds(durationMs)} is too short for one fault on each of ${count} targets (${choices.map(({ label }) => label).join(", ")}), ${seconds(MIN_INTERVAL_MS)} s each`,
      {
        remedy: `use --duration ${seconds(count * MIN_INTERVAL_MS)} or more with --interval ${seconds(MIN_INTERVAL_MS)} or more, or fewer --targets`,
      },
    );
  }
  return fitting;
}

function pick<T>(random: RandomStream, items: readonly T[]): T {
  return items[random.integer(0, items.length - 1)] as T;
}

function shuffled<T>(items: readonly T[], seed: number): T[] {
  const random = new RandomStream(seed, PURPOSE.order, 0);
  const result = [...items];
  for (let last = result.length - 1; last > 0; last--) {
    const other = random.integer(0, last);
    [result[last], result[other]] = [result[other] as T, result[last] as T];
  }
  return result;
}

function requireInteger(name: string, value: number, min: number, max: number): void {
  if (Number.isSafeInteger(value) && value >= min && value <= max) return;
  throw new FaultlineError("FL_PLAN_INVALID", `${name} ${value} must be a whole number from ${min} to ${max}`);
}

function seconds(ms: number): string {
  return String(ms / 1000);
}

const REMEDY = "./faultline chaos --dry-run --seed 7 > plan.json makes a plan; contract/plan.ts has its members";

/** @returns the plan's file, one fault a line. */
export function encodePlan(plan: Plan): string {
  const { faults, ...head } = plan;
  const lines = faults.map((fault) => `    ${JSON.stringify(fault)}`).join(",\n");
  return `${JSON.stringify(head, undefined, 2).slice(0, -2)},\n  "faults": [${lines === "" ? "" : `\n${lines}\n  `}]\n}\n`;
}

/**
 * Reads a plan's file.
 * @param source how to call it in errors.
 * @throws FaultlineError FL_PLAN_INVALID naming the place; also for ids used twice, faults that overlap or end after the plan, and
 *   parameters that are missing or belong to another fault.
 */
export function parsePlan(text: string, source = "plan"): Plan {
  const plan = parseJsonFile(planSchema, text, source, { code: "FL_PLAN_INVALID", remedy: REMEDY });
  const problems: string[] = [];
  const ids = new Set<number>();
  let freeFromMs = 0;
  plan.faults.forEach((fault, index) => {
    if (ids.has(fault.id)) problems.push(`${source}: faults[${index}].id: ${fault.id} is used twice`);
    ids.add(fault.id);
    if (fault.at_ms < freeFromMs)
      problems.push(
        `${source}: faults[${index}].at_ms: ${fault.at_ms} is before ${freeFromMs}, the end of the fault before`,
      );
    freeFromMs = fault.at_ms + fault.hold_ms;
    problems.push(...parameterProblems(fault).map((problem) => `${source}: faults[${index}].${problem}`));
    if (freeFromMs > plan.duration_ms)
      problems.push(`${source}: faults[${index}]: ends at ${freeFromMs} ms, after duration_ms ${plan.duration_ms}`);
  });
  if (problems.length > 0) throw invalid(problems.join("\n"));
  return plan;
}

function invalid(problems: string): FaultlineError {
  return new FaultlineError("FL_PLAN_INVALID", problems, { remedy: REMEDY });
}

/**
 * Checks a plan that is about to be run against the nodes that are there.
 * @throws FaultlineError FL_PLAN_INVALID for a plan without faults, and for nodes that the stack does not have.
 */
export function requireRunnable(plan: Plan, nodes: readonly PlanNode[], source = "plan"): void {
  if (plan.faults.length === 0) throw invalid(`${source}: faults: the plan has no fault`);
  const known = nodes.map(({ name }) => name);
  const problems = plan.faults.flatMap(({ target }, index) => {
    const named = "node" in target ? target.node : "executor_of" in target ? target.executor_of : undefined;
    if (named === undefined || known.includes(named)) return [];
    return [
      `${source}: faults[${index}].target: the stack has no node ${JSON.stringify(named)}; nodes: ${known.join(", ")}`,
    ];
  });
  if (problems.length > 0) throw invalid(problems.join("\n"));
}
