import type { Machine } from "./machine.ts";
import { BINARY_LIMIT, LIMIT, PEER, SINK_VARIANT_IDS, SINK_VARIANTS, type SinkVariantId } from "./sink-variants.ts";
import { median } from "./warm-rate.ts";

/** `rates`: rows per second, one per round. Ratios are the median of each round's own, null without the reference. */
export type SinkRow = {
  id: SinkVariantId;
  title: string;
  rowsPerRun: number;
  rates: number[];
  min: number;
  median: number;
  max: number;
  ratioToLimit: number | null;
  ratioToBinaryLimit: number | null;
  ratioToStaging: number | null;
};
export type Target = { name: string; wanted: number; measured: number; met: boolean };
export type SinkBenchResult = {
  version: 2;
  kind: "sink";
  atMs: number;
  machine: Machine;
  pipeline: string;
  events: number;
  meanRowBytes: number;
  producedPerSecond: number;
  /** The greatest share of a core that a COPY client used. */
  copyClientShare: number | null;
  runs: number;
  rows: SinkRow[];
  targets: Target[];
  file?: string;
};

/** One round: each variant's rate, all within minutes of each other. */
export type Round = Map<SinkVariantId, number>;

export function summarize(rounds: readonly Round[], rowsPerRun: (id: SinkVariantId) => number): SinkRow[] {
  const ratio = (id: SinkVariantId, reference: SinkVariantId): number | null => {
    const ratios = rounds.flatMap((round) => {
      const [rate, base] = [round.get(id), round.get(reference)];
      return rate === undefined || base === undefined ? [] : [rate / base];
    });
    return ratios.length === 0 ? null : median(ratios);
  };
  return SINK_VARIANT_IDS.flatMap((id) => {
    const rates = rounds.flatMap((round) => round.get(id) ?? []);
    if (rates.length === 0) return [];
    return [
      {
        id,
        title: SINK_VARIANTS[id].title,
        rowsPerRun: rowsPerRun(id),
        rates: rates.map(Math.round),
        min: Math.round(Math.min(...rates)),
        median: Math.round(median(rates)),
        max: Math.round(Math.max(...rates)),
        ratioToLimit: ratio(id, LIMIT),
        ratioToBinaryLimit: ratio(id, BINARY_LIMIT),
        ratioToStaging: ratio(id, PEER),
      },
    ];
  });
}

/** What this sink is to reach, rows alone; only what was measured. */
export function judge(rows: readonly SinkRow[]): Target[] {
  const row = (id: SinkVariantId): SinkRow | undefined => rows.find((item) => item.id === id);
  const wanted: [string, number, number | null | undefined][] = [
    ["Real-time Mode / limit with 2 sessions", 0.5, row("realtime")?.ratioToLimit],
    ["micro-batch / limit with 2 sessions", 0.4, row("micro-batch")?.ratioToLimit],
    ["Real-time Mode / staging table", 3, row("realtime")?.ratioToStaging],
  ];
  return wanted.flatMap(([name, least, measured]) =>
    measured === null || measured === undefined ? [] : [{ name, wanted: least, measured, met: measured >= least }],
  );
}
