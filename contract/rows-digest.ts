import { eventNumber } from "./event.ts";
import type { Pipeline } from "./pipeline.ts";

/** Sequences [from, to) of a partition. */
export type RowRange = { partition: number; from: number; to: number };

/** What the query returns of each range, in any order. `place`: the range's index in the list that was asked for. */
export type RowsDigest = { place: number; rows: number; digest: string };

/**
 * A session that computes digests needs these: a row's text depends on them. Rows of a range are found by the primary key; without
 * statistics the planner might scan the table once for each range.
 */
export const ROWS_DIGEST_SETTINGS =
  "SET search_path = pg_catalog; SET TIME ZONE 'UTC'; SET DateStyle = 'ISO, YMD'; SET extra_float_digits = 1; SET bytea_output = 'hex'; SET IntervalStyle = 'postgres'; SET enable_seqscan = off";

/**
 * The digest of a `rows` line of witness.ndjson: the sum of PostgreSQL's hashtextextended over the rows' texts, so it does not depend on the rows'
 * order. Of the pipeline's columns only, by name: a column that is added meanwhile changes no row of the run.
 * @param table its name with schema, quoted. @returns a query with the parameters of rowsDigestValues.
 */
export function rowsDigestQuery(table: string, { identity, fields }: Pipeline): string {
  const columns = [identity.run, identity.event, ...fields.map(({ name }) => name)].map((name) => `stored."${name}"`);
  return `SELECT asked.place::int AS place, found.rows, found.digest
    FROM unnest($2::int[], $3::bigint[], $4::bigint[]) AS asked(place, low, high)
    CROSS JOIN LATERAL (
      SELECT count(*)::int AS rows, coalesce(sum(hashtextextended(ROW(${columns.join(", ")})::text, 0)::numeric), 0)::text AS digest
      FROM ${table} AS stored
      WHERE stored."${identity.run}" = $1 AND stored."${identity.event}" >= asked.low AND stored."${identity.event}" < asked.high
    ) AS found`;
}

/** @returns the query's parameters. */
export function rowsDigestValues(run: number, ranges: readonly RowRange[]): unknown[] {
  return [
    run,
    ranges.map((_, place) => place),
    ranges.map(({ partition, from }) => eventNumber(partition, from)),
    ranges.map(({ partition, to }) => eventNumber(partition, to)),
  ];
}
