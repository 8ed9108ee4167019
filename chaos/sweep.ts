import { isAbsent } from "../contract/capability.ts";
import type { NodeControl } from "../contract/node.ts";
import type { Clock } from "../machine/clock.ts";
import { belongsToLiveEngine } from "./fault-tag.ts";
import { liftCondition, resumeAll } from "./nodes/undo.ts";

export type Swept = { node: string; proof: string };
/** What could not be swept, and why. */
export type SweepProblem = { what: string; error: unknown };
/** A hold or a condition that lies on a node. */
type Leftover = { node: string; tag: string };

/**
 * Undoes what lies on the stack's nodes for no known reason: resumes what is stopped, releases holds, lifts conditions. It starts
 * and ends no process, and it leaves the holds and conditions of another run alone while the engine of that run is at work.
 * A runtime without lifecycle or conditions has nothing of that kind to sweep. It goes on after a problem.
 * @param journalFile of the run that is healed.
 */
export async function sweep(
  control: NodeControl,
  journalFile: string,
  clock: Clock,
): Promise<{ swept: Swept[]; problems: SweepProblem[] }> {
  const swept: Swept[] = [];
  const problems: SweepProblem[] = [];
  const tryTo = async (what: string, action: () => Promise<void>): Promise<void> =>
    action().catch((error: unknown) => void problems.push({ what, error }));

  const sweepTagged = async (
    what: string,
    list: () => Promise<Leftover[]>,
    undo: (leftover: Leftover) => Promise<string>,
  ): Promise<void> =>
    tryTo(what, async () => {
      for (const leftover of await list()) {
        await tryTo("left over", async () => {
          if (await belongsToLiveEngine(leftover.tag, journalFile)) return;
          swept.push({ node: leftover.node, proof: await undo(leftover) });
        });
      }
    });

  const { inventory, lifecycle, conditions } = control;
  if (!isAbsent(lifecycle)) {
    const nodes = (await inventory.nodes()).filter(({ lacks }) => lacks?.lifecycle === undefined);
    for (const { name } of nodes) {
      await tryTo(name, async () => {
        const resumed = await resumeAll(lifecycle, name, undefined, clock);
        if (resumed > 0)
          swept.push({ node: name, proof: `${resumed} stopped ${resumed === 1 ? "process" : "processes"} resumed` });
      });
    }
    await sweepTagged(
      "holds of nodes",
      async () => lifecycle.holds(),
      async ({ node, tag }) => {
        await lifecycle.release(node, tag);
        if ((await lifecycle.holds()).some((hold) => hold.node === node && hold.tag === tag))
          throw new Error(`${node}: the hold ${tag} is still there after its release`);
        return `hold (${tag}) released`;
      },
    );
  }
  if (!isAbsent(conditions)) {
    await sweepTagged(
      "conditions on nodes",
      async () => conditions.list(),
      async ({ node, tag }) => liftCondition(control, node, tag, clock),
    );
  }
  return { swept, problems };
}
