import type { Moment } from "../measure.ts";
import type { Span } from "../success-gap.ts";

/** `isDoubtful`: nobody knows whether there was a success; if there was one, then at this time. */
export type SeenSuccess = Moment & { isDoubtful?: true };

/**
 * Lays finer evidence over coarser: inside the spans, only the finer one counts. A coarse success that reaches over the edge of a span is cut off
 * there, and is doubtful then: what was seen may have happened inside the span.
 * @param spans when the finer evidence tells everything; they do not overlap.
 * @returns both, in the order of their times.
 */
export function overlay(
  coarse: readonly SeenSuccess[],
  fine: readonly SeenSuccess[],
  spans: readonly Span[],
): SeenSuccess[] {
  const rest = coarse.flatMap((success) => outside(success, spans));
  return [...rest, ...fine].toSorted((a, b) => a.untilMs - b.untilMs || a.afterMs - b.afterMs);
}

function outside(success: SeenSuccess, spans: readonly Span[]): SeenSuccess[] {
  let parts = [success];
  for (const { fromMs, toMs } of spans)
    parts = parts.flatMap((part) => {
      if (part.untilMs <= fromMs || part.afterMs >= toMs) return [part];
      const cut: SeenSuccess[] = [];
      if (part.afterMs < fromMs) cut.push({ ...part, untilMs: fromMs, isDoubtful: true });
      if (part.untilMs > toMs) cut.push({ ...part, afterMs: toMs, isDoubtful: true });
      return cut;
    });
  return parts;
}
