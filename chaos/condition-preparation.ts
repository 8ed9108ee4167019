import { required } from "../contract/capability.ts";
import { FaultlineError } from "../contract/errors.ts";
import { type ConditionKind, type NodeControl, type NodeStatus, ROLE_KINDS } from "../contract/node.ts";
import type { Plan, PlannedFault } from "../contract/plan.ts";
import type { Clock } from "../machine/clock.ts";
import { isCondition } from "./plan/condition-parameters.ts";
import { whyUnavailable } from "./plan/unavailable-faults.ts";
import { describe } from "./chaos-event.ts";
import type { FaultContext } from "./fault-context.ts";

/** A proxy put before a broker restarts it, on a busy machine too. */
const PREPARE_TIMEOUT_MS = 180_000;

type Preparation = { plan: Plan; control: NodeControl; clock: Clock; signal: AbortSignal; tell: FaultContext["tell"] };

/**
 * Readies every node that a plan may strike with a condition: named ones, and for a role all nodes that can have it, because the
 * role's holder at that time is unknown. Told as events. Ends early when the signal aborts.
 * @throws FaultlineError FL_FAULT_UNAVAILABLE if the node can't have the condition (for a role: if no node can), or if the
 *   preparation fails.
 */
export async function prepareConditions({ plan, control, clock, signal, tell }: Preparation): Promise<void> {
  const conditions = plan.faults.filter(({ kind }) => isCondition(kind));
  if (conditions.length === 0) return;
  const nodes = await control.inventory.nodes();
  const wanted = new Map<string, { name: string; kind: ConditionKind }>();
  for (const fault of conditions) {
    for (const one of await availableFor(fault, nodes, control)) wanted.set(`${one.kind} ${one.name}`, one);
  }
  const startMs = clock.monotonic();
  for (const { name, kind } of wanted.values()) {
    if (signal.aborted) return;
    tell("preparing", `${name} is made ready for ${kind}`);
    await prepare(control, name, kind);
  }
  tell(
    "prepared",
    `${wanted.size} ${wanted.size === 1 ? "condition" : "conditions"} made ready in ${((clock.monotonic() - startMs) / 1000).toFixed(1)} s`,
  );
}

/** @returns the nodes to prepare for this fault. None for a node that is not there: the fault itself will say so. */
async function availableFor(
  fault: PlannedFault,
  nodes: NodeStatus[],
  control: NodeControl,
): Promise<{ name: string; kind: ConditionKind }[]> {
  const { target } = fault;
  const kind = fault.kind as ConditionKind;
  const candidates = nodes.filter((node) =>
    "role" in target ? node.kind === ROLE_KINDS[target.role] : "node" in target && node.name === target.node,
  );
  const answers = await Promise.all(
    candidates.map(async (node) => ({ name: node.name, kind, why: await whyUnavailable(control, node, kind) })),
  );
  const available = answers.filter(({ why }) => why === undefined);
  if (available.length > 0 || answers.length === 0) return available;
  throw new FaultlineError(
    "FL_FAULT_UNAVAILABLE",
    `fault ${fault.id}, ${describe(fault)}: ${answers.map(({ name, why }) => `${name}: ${why}`).join("; ")}`,
    {
      remedy: "leave it out of the plan, or run where it can be done",
    },
  );
}

async function prepare(control: NodeControl, name: string, kind: ConditionKind): Promise<void> {
  const late = new AbortController();
  try {
    await Promise.race([
      required(control.conditions).prepare(name, kind),
      new Promise((_, reject) => {
        const timer = setTimeout(
          () => reject(new Error(`not ready within ${PREPARE_TIMEOUT_MS / 1000} s`)),
          PREPARE_TIMEOUT_MS,
        );
        late.signal.addEventListener("abort", () => clearTimeout(timer));
      }),
    ]);
  } catch (error) {
    throw new FaultlineError(
      "FL_FAULT_UNAVAILABLE",
      `${name} could not be made ready for ${kind}: ${error instanceof Error ? error.message : String(error)}`,
      {
        remedy: "./faultline status; nothing was broken",
        cause: error,
      },
    );
  } finally {
    late.abort();
  }
}
