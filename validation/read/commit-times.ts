import { escapeIdentifier } from "pg";
import type { Pipeline } from "../../contract/pipeline.ts";

/** Asks for the row with the least ("first") or the greatest event of a range, both ends included. */
export type RowLookUp = { low: number; high: number; pick: "first" | "last" };

/** A row, and when its transaction was committed: ms since 1970, with a fraction. */
export type CommittedRow = { event: number; committedMs: number };

/** @returns for each look-up its row; undefined: the range has none. */
export type LookUpRows = (lookUps: readonly RowLookUp[]) => Promise<(CommittedRow | undefined)[]>;

/** What the query needs of a connection: names of tables resolved, and rows as pg has them. */
export type QueryRows = <Row extends object>(
  query: (name: (table: string) => string) => string,
  values: unknown[],
) => Promise<Row[]>;

/** More in one query would only make it longer. */
const MOST_AT_ONCE = 2000;

/**
 * Looks rows up by their primary key, each by one descent of the index, so that the cost grows with the questions and not with the table: reading
 * the commit times of all rows would be another scan of everything. `track_commit_timestamp` must be on. PostgreSQL takes a commit's time just
 * before it flushes the commit record, so the row was durable one flush later.
 * @throws pg's errors; an Error if PostgreSQL does not keep commit times, or no longer has one of them.
 */
export function lookUpRows(query: QueryRows, { table, identity }: Pipeline, run: number): LookUpRows {
  const [runColumn, event] = [escapeIdentifier(identity.run), escapeIdentifier(identity.event)];
  const found = (name: string, order: "ASC" | "DESC") => `
    (SELECT ${event} AS event, xmin FROM ${name}
     WHERE ${runColumn} = $1 AND ${event} >= asked.low AND ${event} <= asked.high ORDER BY ${runColumn} ${order}, ${event} ${order} LIMIT 1)`;
  const text = (name: string, pick: RowLookUp["pick"]) => `
    SELECT asked.place::int, found.event::float8 AS event,
      (extract(epoch FROM pg_xact_commit_timestamp(found.xmin)) * 1000)::float8 AS committed_ms
    FROM unnest($2::int[], $3::bigint[], $4::bigint[]) AS asked(place, low, high)
    CROSS JOIN LATERAL ${found(name, pick === "first" ? "ASC" : "DESC")} AS found`;
  return async (lookUps) => {
    const rows: (CommittedRow | undefined)[] = lookUps.map(() => undefined);
    for (const pick of ["first", "last"] as const) {
      const places = lookUps.flatMap((look, place) => (look.pick === pick ? [place] : []));
      for (let from = 0; from < places.length; from += MOST_AT_ONCE) {
        const chunk = places.slice(from, from + MOST_AT_ONCE);
        const asked = chunk.map((place) => lookUps[place] as RowLookUp);
        const values = [run, chunk, asked.map(({ low }) => low), asked.map(({ high }) => high)];
        const answer = await query<{ place: number; event: number; committed_ms: number | null }>(
          (name) => text(name(table), pick),
          values,
        ).catch((error: Error & { hint?: string }) => {
          // The hint names the setting.
          throw error.hint === undefined ? error : new Error(`${error.message}: ${error.hint}`, { cause: error });
        });
        for (const row of answer) {
          if (row.committed_ms === null) throw new Error("PostgreSQL no longer has the commit time of every row");
          rows[row.place] = { event: row.event, committedMs: row.committed_ms };
        }
      }
    }
    return rows;
  };
}
