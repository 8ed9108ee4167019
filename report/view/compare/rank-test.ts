/**
 * The exact two-sided rank test of Mann and Whitney (Wilcoxon's rank sum), with ties: how likely two samples of the same distribution are to differ by
 * as much as these do. It assumes nothing of the distribution.
 * @param a,b numbers; Infinity for "longer than anything seen". At most some dozens each.
 * @returns the p-value, and the least one that samples of these sizes could have.
 */
export function rankTest(a: readonly number[], b: readonly number[]): { p: number; least: number } {
  const all = [...a, ...b];
  // Twice the rank, so that the ranks of ties are integers.
  const ranks = all.map(
    (value) => 2 * all.filter((other) => other < value).length + all.filter((other) => other === value).length + 1,
  );
  const sum = ranks.slice(0, a.length).reduce((total, rank) => total + rank, 0);
  const distribution = sumsOf(ranks, a.length);
  const total = [...distribution.values()].reduce((whole, ways) => whole + ways, 0);
  const mean = (ranks.reduce((whole, rank) => whole + rank, 0) * a.length) / all.length;
  const asFar = [...distribution].filter(([each]) => Math.abs(each - mean) >= Math.abs(sum - mean) - 1e-9);
  const p = asFar.reduce((whole, [, ways]) => whole + ways, 0) / total;
  // Without ties, and each of the one below each of the other: two of all the ways.
  return { p: Math.min(1, p), least: Math.min(1, 2 / total) };
}

/** In how many ways `count` of the ranks come to each sum. */
function sumsOf(ranks: readonly number[], count: number): Map<number, number> {
  const ways = Array.from({ length: count + 1 }, () => new Map<number, number>());
  ways[0]?.set(0, 1);
  for (const rank of ranks)
    for (let taken = count; taken > 0; taken--)
      for (const [sum, number] of ways[taken - 1] ?? []) {
        const into = ways[taken] as Map<number, number>;
        into.set(sum + rank, (into.get(sum + rank) ?? 0) + number);
      }
  return ways[count] as Map<number, number>;
}

/** Holm's correction: @returns which of these p-values are significant together, at this level. */
export function significant(values: readonly number[], level: number): boolean[] {
  const order = values.map((p, index) => ({ p, index })).toSorted((a, b) => a.p - b.p);
  const found = values.map(() => false);
  for (const [rank, { p, index }] of order.entries()) {
    if (p > level / (values.length - rank)) break;
    found[index] = true;
  }
  return found;
}
