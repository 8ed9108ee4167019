import type { FaultWindow, PathLoad } from "./fault-window.ts";
import type { Acknowledged } from "./last-acknowledged.ts";
import type { OffsetPoint } from "./offset-points.ts";

/** When rows were committed, by PostgreSQL's own commit times. ms since 1970. */
export type RowTimes = {
  /** The first and the last commit of a row of the run; undefined: it has no row. */
  firstMs: number | undefined;
  lastMs: number | undefined;
  /** When the last row up to this batch was committed: rows of a partition are stored in the order of their events. */
  committedMs(batch: Acknowledged): number | undefined;
};

/** What is known of storing. `rows`: why nobody can tell, if it is a text. */
export type StoringEvidence = { points: readonly OffsetPoint[]; rows: RowTimes | string };

/**
 * Judges the path from Kafka to PostgreSQL for one fault. It was under load if it had stored something before the undo, and events were due
 * between injection and undo: acknowledged then, or acknowledged before and not yet stored.
 * @param acknowledged each partition's last batch that was acknowledged before the undo.
 * @param isProducing acknowledgements were seen shortly before and shortly after the fault.
 */
export function storingLoad(
  window: FaultWindow,
  acknowledged: readonly Acknowledged[],
  isProducing: boolean,
  evidence: StoringEvidence,
): PathLoad {
  const wasWorking = storedBefore(window.toMs, evidence);
  const isDue = isProducing || acknowledged.some((batch) => isUnstored(batch, window, evidence));
  return { isUnderLoad: wasWorking && isDue, isRecovered: storedAfter(window.toMs, evidence) };
}

/** Something was stored at or before this time. */
export function storedBefore(ms: number, { points, rows }: StoringEvidence): boolean {
  if (typeof rows !== "string" && rows.firstMs !== undefined && rows.firstMs <= ms) return true;
  return points.some(({ atMs, nextOffsets }) => atMs <= ms && nextOffsets.some((next) => next > 0));
}

/** Something was stored after this time. */
function storedAfter(ms: number, { points, rows }: StoringEvidence): boolean {
  if (typeof rows !== "string" && rows.lastMs !== undefined && rows.lastMs > ms) return true;
  const from = points.findIndex(({ sinceMs }) => sinceMs >= ms);
  const first = points[from];
  const last = points.at(-1);
  return first !== undefined && last !== undefined && hasAdvanced(first, last);
}

function hasAdvanced(from: OffsetPoint, to: OffsetPoint): boolean {
  return to.nextOffsets.some((next, partition) => next > (from.nextOffsets[partition] ?? Infinity));
}

/** The batch was acknowledged and not stored at some time of the window. */
function isUnstored(batch: Acknowledged, window: FaultWindow, { points, rows }: StoringEvidence): boolean {
  const { partition, endOffset, atMs: ackedMs } = batch;
  // Acknowledged while the fault lasted: it became due then.
  if (ackedMs >= window.fromMs) return true;
  const nextOf = (point: OffsetPoint) => point.nextOffsets[partition] ?? 0;
  if (points.some((point) => point.sinceMs >= window.fromMs && nextOf(point) < endOffset)) return true;
  // Rows that were written again later have a later commit time: what was seen stored before stays stored.
  if (points.some((point) => point.atMs <= window.fromMs && nextOf(point) >= endOffset)) return false;
  const committedMs = typeof rows === "string" ? undefined : rows.committedMs(batch);
  return committedMs !== undefined && committedMs > window.fromMs;
}
