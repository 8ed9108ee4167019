import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { PostgresAddress } from "../../../contract/stack.ts";
import { LAYOUT, nodeEnvironment, ROOT } from "../state/layout.ts";
import { behindAddress, clientPort, ownPort } from "../state/node-ports.ts";
import type { ProcessSpec } from "../supervisor/node-files.ts";
import type { Settings } from "../state/settings.ts";
import { dataDirectory, POSTGRES, postgresNames } from "./postgres-cluster.ts";

export const DATABASE = "faultline";
export const DATABASE_USER = "faultline";

/**
 * Addresses, then what every runtime has (db/postgresql.conf).
 * @param standby settings of a server of two (postgres-standby.ts).
 */
export function postgresConfiguration(
  settings: Settings,
  name = POSTGRES,
  standby: Readonly<Record<string, string>> = {},
): string {
  const values: Record<string, string | number> = {
    listen_addresses: "127.0.0.1",
    port: ownPort(settings, name),
    unix_socket_directories: "",
    ...standby,
  };
  const own = Object.entries(values).map(([key, value]) => `${key} = '${value}'\n`);
  return own.join("") + readFileSync(join(ROOT, "db/postgresql.conf"), "utf8");
}

/** Only our user, only into our database, only from this machine, only with the password. */
export const POSTGRES_HBA = `host ${DATABASE} ${DATABASE_USER} 127.0.0.1/32 scram-sha-256\n`;

export function postgresSpec(settings: Settings, stateDirectory: string): ProcessSpec {
  const { native_directory, user } = settings.postgres;
  const data_directory = dataDirectory(settings, POSTGRES);
  return {
    ...serverSpec(settings, stateDirectory, POSTGRES),
    command: join(native_directory, "bin/postgres"),
    args: ["-D", data_directory],
    env: nodeEnvironment({ HOME: data_directory, LD_LIBRARY_PATH: join(native_directory, "lib") }),
    secret_env: {},
    ...user,
  };
}

/** What the specs of a lone server and of one of two have in common. */
export function serverSpec(
  settings: Settings,
  stateDirectory: string,
  name: string,
): Omit<ProcessSpec, "command" | "args" | "env" | "secret_env"> {
  return {
    name,
    kind: "postgres",
    cwd: join(stateDirectory, LAYOUT.data),
    log: join(settings.run_directory, `logs/${name}.log`),
    addresses: { sql: `127.0.0.1:${clientPort(settings, name)}`, ...behindAddress(settings, name) },
    restart: "always",
    fatal_exits: {},
    // SIGINT is the fast shutdown: sessions are ended, a checkpoint is written.
    stop: { signal: "SIGINT", timeout_ms: 20_000 },
    data_directory: dataDirectory(settings, name),
  };
}

/** How clients reach the database: every server of it. */
export function postgresAddress(settings: Settings, stateDirectory: string): PostgresAddress {
  const [first, ...standbys] = postgresNames(settings).map((name) => ({
    host: "127.0.0.1",
    port: clientPort(settings, name),
  }));
  return {
    ...(first as { host: string; port: number }),
    ...(standbys.length > 0 && { standbys }),
    database: DATABASE,
    user: DATABASE_USER,
    password_file: join(stateDirectory, LAYOUT.postgresPassword),
  };
}

/** One server, whichever it is now. */
export function serverAddress(settings: Settings, stateDirectory: string, name: string): PostgresAddress {
  const { standbys: _, ...address } = postgresAddress(settings, stateDirectory);
  return { ...address, port: clientPort(settings, name) };
}
