import { required } from "../../contract/capability.ts";
import { poll } from "../../machine/clock.ts";
import type { Strike } from "./fault.ts";
import { conditionFault, type Symptom } from "./condition.ts";

/** The node has just been found ready: for one question that was lost. */
const BEFORE_TIMEOUT_MS = 10_000;

/** Nobody gets an answer from the node, over a new connection, in its own protocol. */
function unreachable(kind: "disconnect" | "isolate"): Symptom {
  const ask = async ({ control, node }: Strike): Promise<number | undefined> =>
    (await required(control.conditions).measure(node, kind)) ?? undefined;
  const look = async (strike: Strike): Promise<{ answers: boolean; seen: string }> => {
    const ms = await ask(strike);
    return {
      answers: ms !== undefined,
      seen: ms === undefined ? `${strike.node} does not answer` : `${strike.node} answers after ${ms.toFixed(1)} ms`,
    };
  };
  return {
    async before(strike) {
      const { clock, node, signal } = strike;
      const ms = await poll(clock, BEFORE_TIMEOUT_MS, () => ask(strike), { signal });
      return ms === undefined ? `${node} does not answer even before it` : undefined;
    },
    async bites(strike) {
      const { answers, seen } = await look(strike);
      return { yes: !answers, seen };
    },
    async over(strike) {
      const { answers, seen } = await look(strike);
      return { yes: answers, seen };
    },
  };
}

/** The node loses its interface, its addresses and its name: what a pulled cable or a removed container network looks like. */
export const disconnect = conditionFault("disconnect", unreachable("disconnect"));

/** Every packet to and from others is dropped: connections stay open on both sides and nobody is told. */
export const isolate = conditionFault("isolate", unreachable("isolate"));
