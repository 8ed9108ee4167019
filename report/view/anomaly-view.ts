import { ANOMALIES, type Anomaly, type AnomalyKind, type Verdict } from "../../contract/verdict.ts";
import type { LaneHistory } from "../measure/ledger-history.ts";
import { firstAbove, type Span } from "../measure/success-gap.ts";

/** Between which two parts of the pipeline something went wrong. */
export const HOPS = ["producer → Kafka", "Kafka → Spark", "Spark → PostgreSQL"] as const;
export type Hop = (typeof HOPS)[number];

export type AnomalyView = Anomaly & {
  /** What it makes of the run; null: nothing. */
  effect: Verdict | null;
  definition: string;
  /** null: the anomaly does not tell. */
  hop: Hop | null;
  /** Ids of faults that were going on while the events named in `ranges` were on their way. null: the ranges name no event of the ledger. */
  faults: number[] | null;
};

const [TO_KAFKA, TO_SPARK, TO_POSTGRES] = HOPS;

/** Kinds of which one side only can be the cause. The others can be of the log or of the tables: their text tells. */
const HOP_OF: Partial<Record<AnomalyKind, Hop>> = {
  "lost-kafka": TO_KAFKA,
  "duplicate-log": TO_KAFKA,
  "repeated-in-log": TO_KAFKA,
  reorder: TO_KAFKA,
  "torn-batch": TO_KAFKA,
  "inconsistent-offset": TO_KAFKA,
  recovered: TO_KAFKA,
  "not-recovered": TO_KAFKA,
  unseen: TO_SPARK,
  "dead-letter-mismatch": TO_SPARK,
  "lost-sink": TO_POSTGRES,
  "duplicate-sink": TO_POSTGRES,
  "aggregate-mismatch": TO_POSTGRES,
  "offset-gap": TO_POSTGRES,
  "torn-visible": TO_POSTGRES,
  rewritten: TO_POSTGRES,
  "late-visible": TO_POSTGRES,
  "failed-over": TO_POSTGRES,
};

/** When an event was on its way: from its creation to its acknowledgement, or until it was stored. */
export type EventWays = {
  lanes: ReadonlyMap<number, LaneHistory>;
  /** When a record of a partition was stored, at the latest; undefined: nobody saw it. */
  storedMs: (partition: number, offset: number) => number | undefined;
  endMs: number;
};

/** @param windows when each fault was going on. */
export function anomalyView(
  anomaly: Anomaly,
  ways: EventWays,
  windows: readonly (Span & { id: number })[],
): AnomalyView {
  const { verdict, definition } = ANOMALIES[anomaly.kind];
  const hop = HOP_OF[anomaly.kind] ?? hopOfText([anomaly.detail, ...anomaly.ranges].join(" "));
  const spans = anomaly.ranges.flatMap((range) => wayOf(range, hop, ways) ?? []);
  const during = windows.filter((window) =>
    spans.some(({ fromMs, toMs }) => fromMs < window.toMs && toMs > window.fromMs),
  );
  return {
    ...anomaly,
    effect: verdict === "info" ? null : verdict,
    definition,
    hop,
    faults: spans.length === 0 ? null : during.map(({ id }) => id),
  };
}

function hopOfText(text: string): Hop | null {
  const [ofTables, ofLog] = [
    /\brows?\b|\btable|next_offset|dead letter/i.test(text),
    /\blog\b|records?\b|watermark/i.test(text),
  ];
  if (ofTables === ofLog) return null;
  return ofTables ? TO_POSTGRES : TO_KAFKA;
}

/** "p3 #120-140": the way of these events, from the first one's creation until the last one had arrived. */
function wayOf(range: string, hop: Hop | null, { lanes, storedMs, endMs }: EventWays): Span | undefined {
  const [, partition, first, last = first] = /^p(\d+) #(\d+)(?:-(\d+))?/.exec(range) ?? [];
  const lane = lanes.get(Number(partition));
  if (lane === undefined || first === undefined || last === undefined) return undefined;
  const [from, to] = [batchOf(lane, Number(first)), batchOf(lane, Number(last))];
  const fromMs = lane.createdMs[from];
  if (fromMs === undefined || Number.isNaN(fromMs)) return undefined;
  const ackedMs = lane.ackedMs[to] ?? endMs;
  const offset = (lane.offsets[to] ?? 0) + Number(last) - (lane.sequences[to] ?? 0);
  return { fromMs, toMs: hop === TO_KAFKA ? ackedMs : Math.max(ackedMs, storedMs(Number(partition), offset) ?? endMs) };
}

/** The place of the batch that has this sequence; -1 if it begins before all that were acknowledged. */
function batchOf(lane: LaneHistory, sequence: number): number {
  return firstAbove(lane.sequences, sequence) - 1;
}
