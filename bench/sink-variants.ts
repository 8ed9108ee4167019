/**
 * What the sink benchmark compares. `share`: which part of the topic one run drains; the slow ones would take minutes for the rest and tell
 * nothing new.
 */
export const SINK_VARIANTS = {
  "copy-1": {
    title: "limit: COPY from a file as \\copy does (text), 1 session",
    kind: "copy",
    sessions: 1,
    format: "text",
    share: 1,
  },
  "copy-2": { title: "limit: the same, 2 sessions", kind: "copy", sessions: 2, format: "text", share: 1 },
  "copy-2-binary": { title: "the same in binary, 2 sessions", kind: "copy", sessions: 2, format: "binary", share: 1 },
  realtime: { title: "this sink, Real-time Mode", kind: "sink", trigger: "realtime", aggregates: false, share: 1 },
  "realtime-asynchronous": {
    title: "this sink, Real-time Mode, synchronousCommit=off",
    kind: "sink",
    trigger: "realtime",
    aggregates: false,
    synchronousCommit: false,
    share: 1,
  },
  "micro-batch": { title: "this sink, micro-batch", kind: "sink", trigger: "micro-batch", aggregates: false, share: 1 },
  staging: { title: "foreachBatch, staging table, ON CONFLICT", kind: "staging", rewrite: false, share: 0.4 },
  "staging-rewrite": { title: "the same, reWriteBatchedInserts", kind: "staging", rewrite: true, share: 0.4 },
  "realtime-aggregates": {
    title: "this sink, Real-time Mode, with aggregates",
    kind: "sink",
    trigger: "realtime",
    aggregates: true,
    share: 0.5,
  },
  "micro-batch-aggregates": {
    title: "this sink, micro-batch, with aggregates",
    kind: "sink",
    trigger: "micro-batch",
    aggregates: true,
    share: 0.5,
  },
} as const satisfies Record<string, SinkVariant>;

/** binary is faster to load, but few people have their rows in it. */
export type CopyFormat = "text" | "binary";

export type SinkVariant = { title: string; share: number } & (
  | { kind: "copy"; sessions: 1 | 2; format: CopyFormat }
  | { kind: "sink"; trigger: "realtime" | "micro-batch"; aggregates: boolean; synchronousCommit?: boolean }
  | { kind: "staging"; rewrite: boolean }
);
export type SinkVariantId = keyof typeof SINK_VARIANTS;
export const SINK_VARIANT_IDS = Object.keys(SINK_VARIANTS) as SinkVariantId[];

/** The references that ratios are made with. */
export const LIMIT: SinkVariantId = "copy-2";
export const BINARY_LIMIT: SinkVariantId = "copy-2-binary";
export const PEER: SinkVariantId = "staging";

/** Alike for all: rows per transaction or JDBC batch. */
export const CHUNK_ROWS = 5_000;

/** Alike for all: records per micro-batch. Fewer of a small topic, so that there are several batches to measure. */
export function batchOffsets(events: number): number {
  return Math.min(300_000, Math.ceil(events * 0.075));
}
