import { median } from "./warm-rate.ts";
import type { Machine } from "./machine.ts";

/** Events per second, one figure per round, and the most memory of the process in MB. */
export type ValidateRow = { id: string; title: string; eventsPerSecond: number[]; peakMb: number | null };
export type ValidateTarget = { name: string; wanted: number; measured: number; met: boolean };
export type ValidateBenchResult = {
  version: 1;
  kind: "validate";
  atMs: number;
  machine: Machine;
  pipeline: string;
  events: number;
  rows: ValidateRow[];
  targets: ValidateTarget[];
  file?: string;
};

/** The validator, against the slower of the two plain readings of the same round; medians. */
export function judgeValidate(rows: readonly ValidateRow[]): ValidateTarget[] {
  const rateOf = (id: string) => median(rows.find((row) => row.id === id)?.eventsPerSecond ?? []);
  const comparing = rateOf("comparing");
  const ratio = comparing / Math.min(rateOf("plain-log"), rateOf("plain-copy"));
  return [
    { name: "comparing / the slower plain reading", wanted: 0.5, measured: ratio, met: ratio >= 0.5 },
    { name: "comparing, events/s", wanted: 300_000, measured: comparing, met: comparing >= 300_000 },
  ];
}
