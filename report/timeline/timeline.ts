import type { FaultKind } from "../../contract/plan.ts";
import type { NodeKind } from "../../contract/node.ts";

/** One value per row; null: unknown, or there is nothing to say. */
export type Column = (number | null)[];

/** A time, ms since 1970, from and to. */
export type Stretch = [fromMs: number, toMs: number];

/** The columns of figures, one value per row of `at_ms`. */
export const COLUMNS = [
  "acknowledged_per_s",
  "stored_per_s",
  "lag",
  "unstored_age_ms",
  "latency_p50_ms",
  "latency_p99_ms",
  "latency_max_ms",
  "isr_min",
  "under_replicated",
] as const;
export type ColumnName = (typeof COLUMNS)[number];

/** What a panel draws. It is unknown as a whole where its source did not answer. */
export const PANELS = ["rate", "lag", "age", "latency", "replicas", "standstill"] as const;
export type PanelName = (typeof PANELS)[number];

/**
 * - silent: it does not answer its protocol, and no fault that is active explains that
 * - unknown: it has no protocol that the monitor can ask, or nobody asked
 */
export const LANE_STATES = ["up", "silent", "paused", "down", "cut-off", "unknown"] as const;
export type LaneState = (typeof LANE_STATES)[number];

/** One node through the run. Spans follow each other without holes. */
export type Lane = {
  name: string;
  kind: NodeKind;
  spans: { state: LaneState; from_ms: number; to_ms: number }[];
  /** When the node held a role of its cluster. */
  roles: { role: string; from_ms: number; to_ms: number }[];
  /** When it was started again after a fault, as the journal has it. */
  restarts_ms: number[];
};

/** One fault with the times of its phases; null: it has not come to that, or nobody knows. */
export type TimelineFault = {
  id: number;
  kind: FaultKind;
  node: string;
  node_kind: NodeKind;
  /** "controller", "executor", … */
  role: string | null;
  injected_ms: number;
  active_ms: number | null;
  healed_ms: number | null;
  ready_ms: number | null;
  /** The first sample in which every partition had stored a record that came after the effect. */
  visible_ms: number | null;
  effective: boolean | null;
  proof: string | null;
  failed: string | null;
};

/** A run as panels show it. It is JSON. */
export type Timeline = {
  version: 1;
  /** When the producer began, as far as samples tell; else the first time there is. Times are shown relative to it. Null: there is nothing. */
  start_ms: number | null;
  at_ms: number[];
  columns: Record<ColumnName, Column>;
  /** Per partition: for how long it has stood still although there was something to store. */
  standstill_ms: Column[];
  /** Without any sample. In the columns, a row of nulls stands in each. */
  gaps: Stretch[];
  /** Where there are samples, but a panel's source did not answer. */
  unknown: Record<PanelName, Stretch[]>;
  lanes: Lane[];
  faults: TimelineFault[];
};

/** Two samples that are further apart have a gap between them: the monitor writes one each second. */
export const GAP_MS = 2_500;

export function emptyTimeline(): Timeline {
  const columns = Object.fromEntries(COLUMNS.map((name) => [name, []])) as unknown as Timeline["columns"];
  const unknown = Object.fromEntries(PANELS.map((name) => [name, []])) as unknown as Timeline["unknown"];
  return {
    version: 1,
    start_ms: null,
    at_ms: [],
    columns,
    standstill_ms: [],
    gaps: [],
    unknown,
    lanes: [],
    faults: [],
  };
}
