import { type Column, COLUMNS, type Timeline } from "./timeline.ts";

type ThinOptions = {
  /** About how many rows may be left. */
  points?: number;
  /** Only this time, with one row more on each side, so that lines run to the edge. */
  fromMs?: number;
  toMs?: number;
};

const POINTS = 2_000;
/** A fault has five edges, with three rows each. */
const EDGE_ROWS = 15;

/**
 * Fewer rows with the same extremes: each bucket of rows becomes two, with the least and the greatest value of each column, in the order in
 * which they came. Rows next to a fault's edge, and the null row of a gap, stay as they are; where the faults are so many that these rows alone would be
 * more than `points`, a bucket only ends at each injection. Lanes, gaps and faults are not thinned.
 */
export function thin(timeline: Timeline, { points = POINTS, fromMs, toMs }: ThinOptions = {}): Timeline {
  const { at_ms } = timeline;
  const first = fromMs === undefined ? 0 : Math.max(0, lowerBound(at_ms, fromMs) - 1);
  const end = toMs === undefined ? at_ms.length : Math.min(at_ms.length, lowerBound(at_ms, toMs) + 1);
  const buckets = bucketsOf(timeline, first, end, points);
  const both = (column: Column): Column => thinned(column, buckets);
  const columns = Object.fromEntries(COLUMNS.map((name) => [name, both(timeline.columns[name])]));
  const times = buckets.flatMap(([from, to]) =>
    to - from === 1 ? [at_ms[from] as number] : [at_ms[from] as number, at_ms[to - 1] as number],
  );
  return {
    ...timeline,
    at_ms: times,
    columns: columns as Timeline["columns"],
    standstill_ms: timeline.standstill_ms.map(both),
  };
}

/** Rows [from, to), each of which becomes one or two. */
type Bucket = [from: number, to: number];

function bucketsOf(timeline: Timeline, first: number, end: number, points: number): Bucket[] {
  const size = Math.ceil((2 * (end - first)) / points);
  const { at_ms, gaps, faults } = timeline;
  const cuts = new Set<number>();
  for (const [fromMs] of gaps) {
    const row = lowerBound(at_ms, fromMs + 1);
    cuts.add(row).add(row + 1);
  }
  const areDense = faults.length * EDGE_ROWS > points;
  for (const { injected_ms, active_ms, healed_ms, ready_ms, visible_ms } of faults)
    for (const edgeMs of areDense ? [injected_ms] : [injected_ms, active_ms, healed_ms, ready_ms, visible_ms])
      if (edgeMs !== null) {
        const row = lowerBound(at_ms, edgeMs);
        for (const cut of areDense ? [row] : [row - 1, row, row + 1]) cuts.add(cut);
      }
  const buckets: Bucket[] = [];
  for (let from = first; from < end;) {
    let to = from + 1;
    while (to < end && to - from < size && !cuts.has(to)) to += 1;
    buckets.push([from, to]);
    from = to;
  }
  return buckets;
}

function thinned(column: Column, buckets: readonly Bucket[]): Column {
  const values: Column = [];
  for (const [from, to] of buckets) {
    if (to - from === 1) {
      values.push(column[from] ?? null);
      continue;
    }
    let [least, greatest] = [-1, -1];
    for (let row = from; row < to; row++) {
      const value = column[row] ?? null;
      if (value === null) continue;
      if (least < 0 || value < (column[least] as number)) least = row;
      if (greatest < 0 || value > (column[greatest] as number)) greatest = row;
    }
    const low = least < 0 ? null : (column[least] as number);
    const high = greatest < 0 ? null : (column[greatest] as number);
    if (least <= greatest) values.push(low, high);
    else values.push(high, low);
  }
  return values;
}

/** The first row whose time is not before `ms`. */
function lowerBound(times: readonly number[], ms: number): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] as number) < ms) low = middle + 1;
    else high = middle;
  }
  return low;
}
