import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { PostgresAddress } from "../../../contract/stack.ts";
import { LAYOUT, nodeEnvironment, ROOT } from "../state/layout.ts";
import { behindAddress, ownPort } from "../state/node-ports.ts";
import type { ProcessSpec } from "../supervisor/node-files.ts";
import type { Settings } from "../state/settings.ts";

export const DATABASE = "faultline";
export const DATABASE_USER = "faultline";

/** Addresses, then what every runtime has (db/postgresql.conf). */
export function postgresConfiguration(settings: Settings): string {
  const values: Record<string, string | number> = {
    listen_addresses: "127.0.0.1",
    port: ownPort(settings, "postgres"),
    unix_socket_directories: "",
  };
  const own = Object.entries(values).map(([name, value]) => `${name} = '${value}'\n`);
  return own.join("") + readFileSync(join(ROOT, "db/postgresql.conf"), "utf8");
}

/** Only our user, only into our database, only from this machine, only with the password. */
export const POSTGRES_HBA = `host ${DATABASE} ${DATABASE_USER} 127.0.0.1/32 scram-sha-256\n`;

export function postgresSpec(settings: Settings, stateDirectory: string): ProcessSpec {
  const { data_directory, native_directory, user } = settings.postgres;
  return {
    name: "postgres",
    kind: "postgres",
    command: join(native_directory, "bin/postgres"),
    args: ["-D", data_directory],
    env: nodeEnvironment({ HOME: data_directory, LD_LIBRARY_PATH: join(native_directory, "lib") }),
    secret_env: {},
    cwd: join(stateDirectory, LAYOUT.data),
    ...user,
    log: join(settings.run_directory, "logs/postgres.log"),
    addresses: { sql: `127.0.0.1:${settings.ports.postgres}`, ...behindAddress(settings, "postgres") },
    restart: "always",
    fatal_exits: {},
    // SIGINT is the fast shutdown: sessions are ended, a checkpoint is written.
    stop: { signal: "SIGINT", timeout_ms: 20_000 },
    data_directory,
  };
}

export function postgresAddress(settings: Settings, stateDirectory: string): PostgresAddress {
  const password_file = join(stateDirectory, LAYOUT.postgresPassword);
  return { host: "127.0.0.1", port: settings.ports.postgres, database: DATABASE, user: DATABASE_USER, password_file };
}
