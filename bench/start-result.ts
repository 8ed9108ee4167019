import type { Machine } from "./machine.ts";
import { median } from "./warm-rate.ts";

/** The moments of a start, in the order in which they come on a quiet machine. */
export const START_PHASES = {
  kafka: "Kafka and its topic are ready",
  postgres: "PostgreSQL is ready, with its tables",
  workers: "Spark's workers are registered",
  query: "the driver's query runs",
  row: "the first row is stored",
} as const;
export type StartPhase = keyof typeof START_PHASES;

/** Milliseconds since `up` was called. */
export type StartTimes = Record<StartPhase, number>;
export type StartRow = { id: StartPhase; title: string; withoutMs: number[]; withMs: number[]; ratio: number };
export type StartTarget = { name: string; wantedMs: number; measuredMs: number; met: boolean };
export type StartBenchResult = {
  version: 1;
  kind: "start";
  atMs: number;
  machine: Machine;
  pipeline: string;
  rows: StartRow[];
  targets: StartTarget[];
  file?: string;
};

/** One round: both starts, within a minute or two of each other. */
export type StartRound = { without: StartTimes; with: StartTimes };

/** `ratio` is the median of each round's own, so that a machine that gets slower between rounds does not count. */
export function summarizeStarts(rounds: readonly StartRound[]): StartRow[] {
  return (Object.keys(START_PHASES) as StartPhase[]).map((id) => ({
    id,
    title: START_PHASES[id],
    withoutMs: rounds.map((round) => round.without[id]),
    withMs: rounds.map((round) => round.with[id]),
    ratio: median(rounds.map((round) => round.with[id] / round.without[id])),
  }));
}

export function judgeStart(rows: readonly StartRow[]): StartTarget[] {
  const measuredMs = median(rows.find(({ id }) => id === "row")?.withMs ?? []);
  return [{ name: "the first row, with archives", wantedMs: 20_000, measuredMs, met: measuredMs <= 20_000 }];
}
