import type { Machine } from "./machine.ts";

/** Event's creation to its row's commit, over every row created in the measured window. Milliseconds. */
export type LatencyRow = {
  id: string;
  title: string;
  rows: number;
  p50Ms: number;
  p90Ms: number;
  p99Ms: number;
  p999Ms: number;
  maxMs: number;
  /** Events of the window that the producer turned away, since its backlog was full: the rate was not held. */
  throttled: number;
  /** What a one-row transaction took at the same time, flush included: the flush is the part that commit times leave out. */
  flushP50Ms: number | null;
  flushP99Ms: number | null;
};
export type LatencyTarget = { name: string; wantedMs: number; measuredMs: number; met: boolean };
export type LatencyBenchResult = {
  version: 2;
  kind: "latency";
  atMs: number;
  machine: Machine;
  pipeline: string;
  eventsPerSecond: number;
  /** Beside the warm-up, before the first variant. */
  brokerWarmUpMs: number;
  /** Produced at full speed, before the warm-up. */
  burstEvents: number;
  /** How long the producer's batches waited for more events; part of the latency. */
  lingerMs: number;
  warmUpMs: number;
  durationMs: number;
  rows: LatencyRow[];
  targets: LatencyTarget[];
  file?: string;
};

/** What Real-time Mode is to reach, rows alone. */
export function judgeLatency(rows: readonly LatencyRow[]): LatencyTarget[] {
  const row = rows.find((item) => item.id === "realtime");
  if (row === undefined) return [];
  return [
    { name: "Real-time Mode p50", wantedMs: 30, measuredMs: row.p50Ms, met: row.p50Ms <= 30 },
    { name: "Real-time Mode p99", wantedMs: 250, measuredMs: row.p99Ms, met: row.p99Ms <= 250 },
  ];
}
