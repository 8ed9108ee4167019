import { join } from "node:path";
import { z } from "zod";
import type { LinkDelay } from "../../link/delayed-connection.ts";
import { LAYOUT } from "../state/layout.ts";
import { LeaseFiles } from "../state/lease-files.ts";
import { stateFile } from "../state/state-file.ts";

const conditionSchema = z.strictObject({
  tag: z.string(),
  delay_ms: z.number().nonnegative(),
  jitter_ms: z.number().nonnegative(),
  until_ms: z.number(),
});

/** A delay that somebody put on a link. It ends by itself at `until_ms` (milliseconds since 1970), even if the process that set it is dead. */
export type DelayCondition = z.infer<typeof conditionSchema>;

const takenSchema = z.strictObject({ pid: z.int(), conditions: z.array(conditionSchema) });

/** What the link's process last took note of. */
type Taken = z.infer<typeof takenSchema>;

const CONDITION = stateFile(1, conditionSchema);
const TAKEN = stateFile(1, takenSchema);

/**
 * The files through which the chaos engine and a link's process talk: `links/NODE/TAG.json`, one per condition; and
 * `links/NODE.taken.json`, the answer, which the link's process alone writes. A condition that can't be read delays nothing, but
 * is listed until it is removed.
 */
export class LinkConditions extends LeaseFiles<DelayCondition> {
  readonly #takenFile: string;

  constructor(stateDirectory: string, node: string) {
    const links = join(stateDirectory, LAYOUT.links);
    super(join(links, node), CONDITION, (lease) => ({ ...lease, delay_ms: 0, jitter_ms: 0 }));
    this.#takenFile = join(links, `${node}.taken.json`);
  }

  writeTaken(taken: Taken): void {
    TAKEN.write(this.#takenFile, taken);
  }

  readTaken(): Taken | undefined {
    try {
      return TAKEN.read(this.#takenFile);
    } catch {
      return undefined;
    }
  }
}

/** Several conditions on one link add up. */
export function totalDelay(conditions: DelayCondition[], nowMs: number): LinkDelay {
  const live = conditions.filter(({ until_ms }) => until_ms > nowMs);
  return {
    delay_ms: live.reduce((sum, { delay_ms }) => sum + delay_ms, 0),
    jitter_ms: live.reduce((sum, { jitter_ms }) => sum + jitter_ms, 0),
  };
}
