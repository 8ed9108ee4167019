import { required } from "../../contract/capability.ts";
import type { PlannedFault } from "../../contract/plan.ts";
import type { Strike } from "./fault.ts";
import { conditionFault } from "./condition.ts";

/** Odd, so that the median is one of them. */
const ROUND_TRIPS = 5;
/** Conditions.measure gives up after about 5 s: a longer delay could not be told from no answer. */
const MAX_PROVABLE_MS = 4000;

/**
 * Every message to the node takes longer. Two figures of ROUND_TRIPS round trips tell it from a machine that is merely slow, the median and
 * the fastest: slowness comes and goes, a delay spares no message.
 * - It bites when the median is 0.7 of the least delay over the median before, and even the fastest took as long as that.
 * - It is over when the fastest is back within half of the least delay of the fastest before: with the delay no answer could be so quick. The
 *   fastest, since on a busy machine, with a node that catches up, a median may stay high for long.
 */
export const delay = conditionFault("delay", {
  async before(strike) {
    const { delay_ms = 0 } = strike.planned;
    if (delay_ms > MAX_PROVABLE_MS)
      return `a delay of ${delay_ms} ms can't be proved: a question is given up after 5 s (up to ${MAX_PROVABLE_MS} ms can)`;
    const before = await roundTrips(strike);
    if (before === undefined) return `${strike.node} does not answer even before it`;
    strike.baseline = before;
    return undefined;
  },

  async bites(strike) {
    const now = await roundTrips(strike);
    const before = strike.baseline ?? { medianMs: 0, fastestMs: 0 };
    const addedMs = 0.7 * leastDelayMs(strike.planned);
    if (now === undefined) return { yes: false, seen: `${strike.node} does not answer` };
    return {
      yes: now.medianMs >= before.medianMs + addedMs && now.fastestMs >= addedMs,
      seen: `${compared(now, before)}, for a delay of ${strike.planned.delay_ms ?? 0} ms give or take ${strike.planned.jitter_ms ?? 0} ms`,
    };
  },

  async over(strike) {
    const now = await roundTrips(strike);
    const before = strike.baseline ?? { medianMs: 0, fastestMs: 0 };
    if (now === undefined) return { yes: false, seen: `${strike.node} does not answer` };
    return { yes: now.fastestMs <= before.fastestMs + 0.5 * leastDelayMs(strike.planned), seen: compared(now, before) };
  },
});

/** The least that a message is delayed. With a jitter as long as the delay itself that is 0, and says nothing: then a quarter of the delay. */
function leastDelayMs({ delay_ms = 0, jitter_ms = 0 }: PlannedFault): number {
  return Math.max(delay_ms - jitter_ms, delay_ms / 4);
}

/** @returns undefined when most questions got no answer. */
async function roundTrips({ control, node }: Strike): Promise<Strike["baseline"] | undefined> {
  const times: number[] = [];
  // One after another: side by side they would measure each other.
  for (let index = 0; index < ROUND_TRIPS; index++)
    times.push((await required(control.conditions).measure(node, "delay")) ?? Infinity);
  times.sort((a, b) => a - b);
  const [fastestMs, medianMs] = [times[0] ?? Infinity, times[(ROUND_TRIPS - 1) / 2] ?? Infinity];
  return Number.isFinite(medianMs) ? { medianMs, fastestMs } : undefined;
}

function compared(now: NonNullable<Strike["baseline"]>, before: NonNullable<Strike["baseline"]>): string {
  return `a round trip takes ${now.medianMs.toFixed(1)} ms (fastest ${now.fastestMs.toFixed(1)} ms), before it ${before.medianMs.toFixed(1)} ms (fastest ${before.fastestMs.toFixed(1)} ms)`;
}
