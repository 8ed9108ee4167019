import { escapeIdentifier } from "pg";
import type { Aggregate } from "../../contract/pipeline.ts";

/** `missing`: groups of the table that the view does not return so; `more`: groups that the view returns and the table does not have so. */
export type ViewTotals = { missing: number; more: number };

/** @returns the SQL that compares a `…_total` view with the sums over its table's shards: one row, ViewTotals as texts. */
export function viewTotalsQuery(schema: string, spec: Aggregate): string {
  const keys = [...(spec.window === undefined ? [] : [spec.window.column]), ...spec.groupBy].map(escapeIdentifier);
  const figures = [spec.count, ...Object.values(spec.sums)].map(escapeIdentifier);
  const [table, view] = [spec.table, `${spec.table}_total`].map(
    (name) => `${escapeIdentifier(schema)}.${escapeIdentifier(name)}`,
  );
  const grouping = keys.length > 0 ? `GROUP BY ${keys.join(", ")}` : "HAVING count(*) > 0";
  const select = (figure: (name: string) => string) =>
    [...keys, ...figures.map((name) => `${figure(name)}::numeric`)].join(", ");
  return `
    WITH summed AS (SELECT ${select((name) => `sum(${name})`)} FROM ${table} ${grouping}),
         shown AS (SELECT ${select((name) => name)} FROM ${view})
    SELECT (SELECT count(*) FROM (TABLE summed EXCEPT ALL TABLE shown) a) AS missing,
           (SELECT count(*) FROM (TABLE shown EXCEPT ALL TABLE summed) b) AS more`;
}

/** @returns the difference as a sentence about the view; undefined: there is none. */
export function viewDifference(
  spec: Aggregate,
  { missing, more }: ViewTotals,
): { text: string; count: number } | undefined {
  if (missing === 0 && more === 0) return undefined;
  return {
    text: `${spec.table}_total: groups of its table that it lacks or sums up otherwise: ${missing}; groups that are not its table's: ${more}`,
    count: Math.max(missing, more),
  };
}
