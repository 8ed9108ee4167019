import { join } from "node:path";
import type { PostgresAddress } from "../../../contract/stack.ts";
import { LAYOUT, nodeEnvironment, ROOT } from "../state/layout.ts";
import { clientPort } from "../state/node-ports.ts";
import type { Settings } from "../state/settings.ts";
import type { ProcessSpec } from "../supervisor/node-files.ts";
import { DATABASE, DATABASE_USER, POSTGRES_HBA, serverAddress, serverSpec } from "./postgres.ts";
import { type Cluster, otherServer } from "./postgres-cluster.ts";

/** The role that copies a data directory, streams and promotes. It can't read the tables. */
export const STANDBY_USER = "faultline_standby";

/** The name of a server's slot on its primary, which keeps the WAL that the server still needs. */
export function slotName(server: string): string {
  return server.replaceAll("-", "_");
}

/** Also for the other role: into the database (to copy and to promote), and to stream. */
export const CLUSTER_HBA = `${POSTGRES_HBA}host ${DATABASE},replication ${STANDBY_USER} 127.0.0.1/32 scram-sha-256\n`;

/** What the roles of two servers need, as a superuser's statements in the pipeline's database. */
export function standbyGrants(): string[] {
  return [
    `GRANT EXECUTE ON FUNCTION pg_backup_start(text, boolean), pg_backup_stop(boolean), pg_promote(boolean, integer) TO ${STANDBY_USER}`,
    `GRANT CONNECT ON DATABASE ${DATABASE} TO ${DATABASE_USER}, ${STANDBY_USER}`,
  ];
}

/** What a server of two has besides. Both have the same; only a server with standby.signal or recovery.signal heeds it. */
export function replicationSettings(settings: Settings, cluster: Cluster, name: string): Record<string, string> {
  const upstream = `host=127.0.0.1 port=${clientPort(settings, otherServer(name))} user=${STANDBY_USER} application_name=${slotName(name)} connect_timeout=2`;
  return {
    primary_conninfo: cluster.receiving ? upstream : "",
    primary_slot_name: slotName(name),
    // Only the server that takes writes heeds it; without it, a commit waits for its own disk alone.
    ...(settings.postgres_standby?.synchronous === true &&
      cluster.alone !== true && { synchronous_standby_names: slotName(otherServer(name)) }),
    // A recovery that is to end (recovery.signal) demands one. Nothing is archived, so it finds nothing.
    restore_command: "/bin/false",
    recovery_target_timeline: "latest",
    wal_retrieve_retry_interval: "500ms",
    wal_receiver_status_interval: "1s",
    wal_sender_timeout: "10s",
    wal_receiver_timeout: "10s",
    // A standby that is away for long must not fill the disk: it is copied again then.
    max_slot_wal_keep_size: "2GB",
  };
}

/** One of two servers. It decides at each start what it is (postgres-main.ts), and becomes PostgreSQL then: the process stays the same. */
export function clusterServerSpec(settings: Settings, stateDirectory: string, name: string): ProcessSpec {
  return {
    ...serverSpec(settings, stateDirectory, name),
    command: process.execPath,
    args: [
      "--disable-warning=ExperimentalWarning",
      join(ROOT, "platform/local/nodes/postgres-main.ts"),
      "--state-dir",
      stateDirectory,
      "--node",
      name,
    ],
    env: nodeEnvironment(),
    // For libpq in the WAL receiver as well.
    secret_env: { PGPASSWORD: join(stateDirectory, LAYOUT.standbyPassword) },
  };
}

/** One server, for the role that copies, streams and promotes. */
export function standbyLogin(settings: Settings, stateDirectory: string, name: string): PostgresAddress {
  return {
    ...serverAddress(settings, stateDirectory, name),
    user: STANDBY_USER,
    password_file: join(stateDirectory, LAYOUT.standbyPassword),
  };
}
