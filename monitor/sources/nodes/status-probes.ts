import { type DriverStatus, leadingDriver } from "../../../contract/job.ts";
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

/**
 * A driver beside others: active or standby. A driver that was killed or stopped may still say that it runs when another one has taken over.
 * @param drivers the names of all.
 */
export function driverProbe(
  name: string,
  drivers: readonly string[],
  read: (driver: string) => Promise<DriverStatus | null>,
): Probe {
  const ask = async (): Promise<Shown> => {
    const own = await read(name);
    const others = await Promise.all(
      drivers.filter((other) => other !== name).map((other) => read(other).catch(() => null)),
    );
    const known = others.filter((status) => status !== null);
    const shown = shownBy(own, Date.now());
    if (own === null || known.length === 0 || own.state !== "running" || shown.answers !== true) return shown;
    return { ...shown, role: leadingDriver([own, ...known]) === own ? "active" : null };
  };
  return { ask, ...NOTHING_TO_CLOSE };
}

/** @param status null: there is no such file, so there was no process yet. */
function shownBy(status: DriverStatus | ProducerStatus | null, atMs: number): Shown {
  if (status === null) return UNASKED;
  const isFresh = atMs - status.at_ms <= STATUS_FRESH_MS;
  const role = AT_WORK.has(status.state) || (!isFresh && !ENDED.has(status.state)) ? null : status.state;
  return { answers: isFresh && !ENDED.has(status.state), role };
}
