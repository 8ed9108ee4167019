import type { PlanRequest } from "../chaos/plan.ts";
import { FaultlineError } from "../contract/errors.ts";
import { CONDITION_KINDS, type NodeControl, type NodeStatus } from "../contract/node.ts";
import { FAULT_KINDS, type FaultKind } from "../contract/plan.ts";

/** "delay,isolate". @throws FaultlineError FL_PLAN_INVALID naming the one that is none. */
export function parseFaults(text: string | undefined): FaultKind[] | undefined {
  return text?.split(",").map((name) => {
    const kind = FAULT_KINDS.find((item) => item === name);
    if (kind === undefined)
      throw new FaultlineError("FL_PLAN_INVALID", `--faults: ${JSON.stringify(name)} is no fault`, { remedy: `use some of: ${FAULT_KINDS.join(", ")}` });
    return kind;
  });
}

/** The part of a plan's request that the stack answers. @param strikes which nodes may be struck; default: all. */
export async function stackRequest(
  control: NodeControl,
  flags: { targets?: string; faults?: string },
  strikes: (node: NodeStatus) => boolean = () => true,
): Promise<Pick<PlanRequest, "nodes" | "targets" | "kinds">> {
  const kinds = parseFaults(flags.faults);
  const asked = CONDITION_KINDS.filter((kind) => kinds?.includes(kind));
  const nodes = (await control.nodes()).filter(strikes).map(async ({ name, kind }) => {
    const reasons = await Promise.all(asked.map(async (condition) => [condition, await control.unavailable(name, condition)] as const));
    return { name, kind, unavailable: Object.fromEntries(reasons.filter(([, why]) => why !== undefined)) };
  });
  return {
    nodes: await Promise.all(nodes),
    ...(flags.targets !== undefined && { targets: flags.targets.split(",") }),
    ...(kinds !== undefined && { kinds }),
  };
}
