import { readFileSync } from "node:fs";
import { HEALTH_FRESH_MS, type Health, healthSchema } from "../../contract/health.ts";
import type { DriverStatus } from "../../contract/job.ts";

/** What the monitor's health.json says about now; or, as one sentence, why it says nothing about now. */
export type HealthNow = { health: Health } | { unknown: string };

/** @param file the run's health.json. @param nowMs ms since 1970. Never throws: what can't be read is not known. */
export function readHealth(file: string, nowMs = Date.now()): HealthNow {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    return { unknown: "there is no health.json: no monitor has written one yet" };
  }
  const health = parsed(text);
  if (health === undefined) return { unknown: "health.json has a form that this build does not know" };
  const ageMs = nowMs - health.at_ms;
  if (ageMs <= HEALTH_FRESH_MS) return { health };
  return { unknown: `health.json is ${Math.round(ageMs / 1000)} s old: the monitor does not write it` };
}

/** What `status` reports of partitions. @param job the driver's status file, if there is one. */
export function healthReport(
  file: string,
  job: DriverStatus | undefined,
): { health: Health | null; health_unknown: string | null; sink_errors: DriverStatus["partitions"] } {
  const now = readHealth(file);
  const sink_errors = job?.partitions ?? [];
  if ("health" in now) return { health: now.health, health_unknown: null, sink_errors };
  return { health: null, health_unknown: now.unknown, sink_errors };
}

function parsed(text: string): Health | undefined {
  try {
    return healthSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
