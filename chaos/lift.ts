import { FaultlineError } from "../contract/errors.ts";
import type { Imposed, NodeControl } from "../contract/node.ts";
import { type Clock, poll } from "./clock.ts";

/** Taking off is one call to kernel or engine; a busy machine may need several tries. */
const LIFT_TIMEOUT_MS = 30_000;

export async function imposedOn(control: NodeControl, node: string, tag: string): Promise<Imposed | undefined> {
  return (await control.imposed()).find((one) => one.node === node && one.tag === tag);
}

/**
 * Takes a condition off a node and looks whether it is gone, again and again within LIFT_TIMEOUT_MS. Nothing is asked of the node: it may be dead.
 * @returns what was seen, as one sentence.
 * @throws FaultlineError FL_HEAL_FAILED
 */
export async function liftCondition(control: NodeControl, node: string, tag: string, clock: Clock): Promise<string> {
  let found: Imposed | undefined;
  let problem: Error | undefined;
  const gone = await poll(
    clock,
    LIFT_TIMEOUT_MS,
    async () => {
      problem = undefined;
      try {
        found ??= await imposedOn(control, node, tag);
        // Also when it is not listed: one that is half put on may not be.
        await control.lift(node, tag);
        return (await imposedOn(control, node, tag)) === undefined ? true : undefined;
      } catch (error) {
        problem = error instanceof Error ? error : new Error(JSON.stringify(error));
        return undefined;
      }
    },
    { everyMs: 250 },
  );
  if (gone === true) return found === undefined ? `no condition ${tag} on ${node}` : `${found.kind}${tag === "" ? "" : ` (${tag})`} lifted from ${node}`;
  const why = problem === undefined ? "" : `: ${problem.message}`;
  throw new FaultlineError("FL_HEAL_FAILED", `${node}: the condition ${tag} could not be taken off within ${LIFT_TIMEOUT_MS / 1000} s${why}`, {
    remedy: "./faultline heal; if that fails too: ./faultline down, which takes the node and all that is on it away",
    ...(problem !== undefined && { cause: problem }),
  });
}
