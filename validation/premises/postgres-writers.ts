import { z } from "zod";
import type { Premise } from "../../contract/verdict.ts";
import { holds, listText, notProved, recorded, unknown } from "./premise.ts";

/** Another session, or a prepared transaction (`pid` is null), that holds a lock for writing on a table of the pipeline ($1: names). */
export const writerRow = z.strictObject({
  pid: z.int().nullable(),
  application: z.string(),
  tables: z.array(z.string()),
});
export type WriterRow = z.infer<typeof writerRow>;
export const WRITERS_QUERY = `
  WITH RECURSIVE own AS (
    SELECT c.oid, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relname = ANY ($1) AND c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    UNION ALL SELECT i.inhrelid, own.relname FROM pg_inherits i JOIN own ON own.oid = i.inhparent)
  SELECT l.pid, coalesce(max(a.application_name), '') AS application, array_agg(DISTINCT own.relname::text) AS tables
  FROM pg_locks l JOIN own ON own.oid = l.relation JOIN pg_database d ON d.oid = l.database AND d.datname = current_database()
  LEFT JOIN pg_stat_activity a ON a.pid = l.pid
  WHERE l.locktype = 'relation' AND l.granted AND l.pid IS DISTINCT FROM pg_backend_pid()
    AND l.mode IN ('RowExclusiveLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
  GROUP BY l.pid, l.virtualtransaction ORDER BY l.pid`;

/** How the sink's sessions call themselves: WriterName in spark-app/faultline-postgres. */
const SINK_NAME = /^faultline-sink [0-9a-f]{8} /;

export function writerPremises(rows: readonly WriterRow[]): Premise[] {
  const name = "postgres.open_transactions";
  const why = "what they have written is not in the snapshot, and their commit may still add, change or delete rows";
  const isSink = ({ pid, application }: WriterRow) => pid !== null && SINK_NAME.test(application);
  const text = ({ pid, application, tables }: WriterRow) =>
    `${pid === null ? "a prepared transaction" : `session ${pid} (${application || "no name"})`} on ${tables.join(", ")}`;
  const foreign = rows.filter((row) => !isSink(row));
  const own = rows.filter(isSink);
  return [
    foreign.length > 0 ? unknown(name, foreign.map(text).join("; "), why) : holds(name, "none", why),
    ...(own.length > 0
      ? [
          notProved(
            `${name}.sink`,
            own.map(text).join("; "),
            "the sink was storing a chunk, which is not in the snapshot",
          ),
        ]
      : []),
  ];
}

/** Anything else that writes to the tables, reads them or runs with statements on them. */
export const outsideRow = z.strictObject({
  prepared: z.array(z.string()),
  subscriptions: z.array(z.string()),
  publications: z.array(z.string()),
  slots: z.array(z.string()),
  event_triggers: z.array(z.string()),
});
export type OutsideRow = z.infer<typeof outsideRow>;
export const OUTSIDE_QUERY = `
  SELECT
    ARRAY(SELECT gid || ' of ' || owner FROM pg_prepared_xacts WHERE database = current_database() ORDER BY 1)::text[] AS prepared,
    ARRAY(SELECT c.relname || ' (subscription ' || s.srsubid || ')' FROM pg_subscription_rel s JOIN pg_class c ON c.oid = s.srrelid
      WHERE c.relname = ANY ($1) ORDER BY 1)::text[] AS subscriptions,
    ARRAY(SELECT DISTINCT pubname || ': ' || tablename FROM pg_publication_tables WHERE tablename = ANY ($1) ORDER BY 1)::text[] AS publications,
    ARRAY(SELECT slot_name || ' (' || slot_type || ')' FROM pg_replication_slots ORDER BY 1)::text[] AS slots,
    ARRAY(SELECT evtname || ' (' || evtevent || ')' FROM pg_event_trigger WHERE evtenabled <> 'D' ORDER BY 1)::text[] AS event_triggers`;

export function outsidePremises(row: OutsideRow): Premise[] {
  const subscription = "postgres.subscriptions";
  const why = "their rows may come from another server instead of the sink";
  return [
    row.subscriptions.length > 0
      ? unknown(subscription, row.subscriptions.join(", "), why)
      : holds(subscription, "none", why),
    recorded("postgres.prepared_transactions", listText(row.prepared)),
    recorded("postgres.publications", listText(row.publications)),
    recorded("postgres.replication_slots", listText(row.slots)),
    row.event_triggers.length > 0
      ? notProved(
          "postgres.event_triggers",
          row.event_triggers.join(", "),
          "it may run code in the sessions of the sink",
        )
      : recorded("postgres.event_triggers", "none"),
  ];
}
