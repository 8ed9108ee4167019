import { join } from "node:path";
import type { PostgresAddress } from "../../contract/stack.ts";
import { LAYOUT, nodeEnvironment } from "./layout.ts";
import type { ProcessSpec } from "./node-files.ts";
import type { Settings } from "./settings.ts";

export const DATABASE = "faultline";
export const DATABASE_USER = "faultline";

/** Sources: PostgreSQL 18's manual, chapter 19. Durable (synchronous_commit, fsync), sized for a shared small machine. */
export function postgresConfiguration(settings: Settings): string {
  const values: Record<string, string | number> = {
    listen_addresses: "127.0.0.1",
    port: settings.ports.postgres,
    unix_socket_directories: "",
    max_connections: 100,
    password_encryption: "scram-sha-256",
    shared_buffers: "256MB",
    max_wal_size: "4GB",
    min_wal_size: "512MB",
    checkpoint_timeout: "15min",
    synchronous_commit: "on",
    fsync: "on",
    restart_after_crash: "on",
    // The sampler and the benchmarks measure latency by it.
    track_commit_timestamp: "on",
    // A client whose machine is gone must not keep its locks for two hours.
    tcp_keepalives_idle: 10,
    tcp_keepalives_interval: 5,
    tcp_keepalives_count: 3,
    client_connection_check_interval: "5s",
    logging_collector: "off",
    log_line_prefix: "%m [%p] %a ",
    log_checkpoints: "on",
    log_statement: "none",
    log_parameter_max_length_on_error: 0,
    timezone: "UTC",
    log_timezone: "UTC",
    jit: "off",
  };
  return Object.entries(values)
    .map(([name, value]) => `${name} = '${value}'\n`)
    .join("");
}

/** Only our user, only into our database, only from this machine, only with the password. */
export const POSTGRES_HBA = `host ${DATABASE} ${DATABASE_USER} 127.0.0.1/32 scram-sha-256\n`;

export function postgresSpec(settings: Settings, stateDirectory: string): ProcessSpec {
  const { dataDirectory, nativeDirectory, user } = settings.postgres;
  return {
    name: "postgres",
    kind: "postgres",
    command: join(nativeDirectory, "bin/postgres"),
    args: ["-D", dataDirectory],
    env: nodeEnvironment({ HOME: dataDirectory, LD_LIBRARY_PATH: join(nativeDirectory, "lib") }),
    secretEnv: {},
    cwd: join(stateDirectory, LAYOUT.data),
    ...user,
    log: join(settings.runDirectory, "logs/postgres.log"),
    addresses: { sql: `127.0.0.1:${settings.ports.postgres}` },
    restart: "always",
    fatalExitCodes: [],
    // SIGINT is the fast shutdown: sessions are ended, a checkpoint is written.
    stop: { signal: "SIGINT", timeoutMs: 20_000 },
    dataDirectory,
  };
}

export function postgresAddress(settings: Settings, stateDirectory: string): PostgresAddress {
  const passwordFile = join(stateDirectory, LAYOUT.postgresPassword);
  return { host: "127.0.0.1", port: settings.ports.postgres, database: DATABASE, user: DATABASE_USER, passwordFile };
}
