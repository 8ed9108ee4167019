import type { DriverStatus } from "../../../contract/job.ts";
import type { ProducerStatus } from "../../../contract/run.ts";
import { NOTHING_TO_CLOSE, type Probe, type Shown, UNASKED } from "./probe.ts";

/** Both write their file at least every second while they live. */
export const STATUS_FRESH_MS = 3_000;

const ENDED: ReadonlySet<string> = new Set(["failed", "stopped", "done"]);
/** What is worth no word: it does its work. */
const AT_WORK: ReadonlySet<string> = new Set(["running", "producing"]);

/** A process that shows itself by a file: it answers while the file is fresh and does not say that it has ended. */
export function statusProbe(read: () => Promise<DriverStatus | ProducerStatus | null>): Probe {
  return { ask: async () => shownBy(await read(), Date.now()), ...NOTHING_TO_CLOSE };
}

/** @param status null: there is no such file, so there was no process yet. */
function shownBy(status: DriverStatus | ProducerStatus | null, atMs: number): Shown {
  if (status === null) return UNASKED;
  const isFresh = atMs - status.at_ms <= STATUS_FRESH_MS;
  const role = AT_WORK.has(status.state) || (!isFresh && !ENDED.has(status.state)) ? null : status.state;
  return { answers: isFresh && !ENDED.has(status.state), role };
}
