import { z } from "zod";
import type { Premise } from "../../contract/verdict.ts";
import { holds, notProved, unknown } from "./premise.ts";

/** What PostgreSQL's own counters say of a table to which the sink only adds ($1: names). Since the counters began: a crash sets them to 0. */
export const changeRow = z.strictObject({ name: z.string(), updated: z.int(), deleted: z.int() });
export type ChangeRow = z.infer<typeof changeRow>;
export const CHANGES_QUERY = `
  WITH RECURSIVE own AS (
    SELECT c.oid, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relname = ANY ($1) AND c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    UNION ALL SELECT i.inhrelid, own.relname FROM pg_inherits i JOIN own ON own.oid = i.inhparent)
  SELECT relname::text AS name, sum(pg_stat_get_tuples_updated(oid))::float8 AS updated,
    sum(pg_stat_get_tuples_deleted(oid))::float8 AS deleted
  FROM own GROUP BY relname ORDER BY relname`;

/**
 * Rows that were changed and changed back, however fast, are equal at the end. The sink never changes a row, so one update is one too many. A
 * deletion may be an insertion that met another one and was given up (heap_abort_speculative counts it so), as when a zombie writes.
 */
export function changePremises(rows: readonly ChangeRow[]): Premise[] {
  return rows.flatMap(({ name, updated, deleted }) => {
    const full = `postgres.${name}.changes`;
    const text = `${updated} updates, ${deleted} deletions`;
    if (updated > 0)
      return unknown(
        full,
        text,
        "the sink only adds rows, so somebody else changed some, and may have changed them back",
      );
    if (deleted > 0)
      return notProved(full, text, "the sink only adds rows: somebody may have deleted some, and put them back");
    return holds(full, text, "the sink only adds rows, so any change is somebody else's");
  });
}
