import type { Server } from "../../../contract/node.ts";
import { withPostgres } from "../../protocol/postgres-client.ts";
import type { Settings } from "../state/settings.ts";
import { serverAddress } from "./postgres.ts";

type Row = { standby: boolean; timeline: number; receiver: string | null; synchronous: boolean };
type OffsetRow = { target: string; topic: string; partition: number; next_offset: string };

/** The timeline of a standby is that of its last restart point; that of a primary is in the name of its WAL file. */
const QUERY = `
  SELECT pg_is_in_recovery() AS standby, (SELECT status FROM pg_stat_wal_receiver) AS receiver,
    NOT pg_is_in_recovery() AND current_setting('synchronous_standby_names') <> '' AS synchronous,
    CASE WHEN pg_is_in_recovery() THEN (SELECT timeline_id FROM pg_control_checkpoint())
      ELSE ('x' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8))::bit(32)::int END AS timeline`;

/** Asks one server what it is and how far its sink is. Undefined: it does not answer within 2 s. */
export async function lookAt(settings: Settings, stateDirectory: string, name: string): Promise<Server | undefined> {
  try {
    return await withPostgres(serverAddress(settings, stateDirectory, name), async (client) => {
      const { rows } = await client.query<Row>(QUERY);
      const row = rows[0] as Row;
      const there = await client.query<{ has: boolean }>("SELECT to_regclass('sink_offsets') IS NOT NULL AS has");
      const offsets = there.rows[0]?.has
        ? await client.query<OffsetRow>("SELECT target, topic, partition, next_offset FROM sink_offsets")
        : { rows: [] };
      return {
        isStandby: row.standby,
        timeline: row.timeline,
        isReceiving: row.receiver === "streaming",
        isSynchronous: row.synchronous,
        nextOffsets: new Map(
          offsets.rows.map((one) => [`${one.target} ${one.topic} ${one.partition}`, Number(one.next_offset)]),
        ),
      };
    });
  } catch {
    return undefined;
  }
}
