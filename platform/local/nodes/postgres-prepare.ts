import { randomBytes } from "node:crypto";
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import writeFileAtomic from "write-file-atomic";
import { FaultlineError } from "../../../contract/errors.ts";
import { LAYOUT, nodeEnvironment } from "../state/layout.ts";
import { DATABASE, DATABASE_USER, POSTGRES_HBA, postgresAddress, postgresConfiguration } from "./postgres.ts";
import { dataDirectory, POSTGRES, readCluster, writeCluster } from "./postgres-cluster.ts";
import { makeReachable, reachProblem } from "./postgres-home.ts";
import { CLUSTER_HBA, replicationSettings, STANDBY_USER, standbyGrants } from "./postgres-standby.ts";
import { runTool, type Tool } from "./run-tool.ts";
import { scramVerifier } from "./scram.ts";
import type { Settings } from "../state/settings.ts";

/**
 * Makes the password, the data directory with user and database (once, beside its place, then moved there: whole or not at all) and the
 * configuration (always: the port may change). The superuser has no password and no line in pg_hba.conf: nobody can log in as it.
 */
export async function preparePostgres(settings: Settings, stateDirectory: string, signal?: AbortSignal): Promise<void> {
  const home = settings.postgres;
  makeReachable(home);
  const password = ensurePassword(join(stateDirectory, LAYOUT.postgresPassword));
  // Whatever the umask: PostgreSQL's user must get through. (mkdir with a mode would give the mode to parents too.)
  mkdirSync(dirname(home.data_directory), { recursive: true });
  if (home.user !== undefined) chmodSync(dirname(home.data_directory), 0o711);
  if (!existsSync(home.data_directory)) {
    const problem = reachProblem(home);
    if (problem !== undefined)
      throw new FaultlineError("FL_PREREQUISITE", `PostgreSQL can't run here: ${problem}`, {
        remedy: "./faultline down --volumes, then up again",
      });
    const temporary = `${home.data_directory}.new`;
    rmSync(temporary, { recursive: true, force: true });
    mkdirSync(temporary, { mode: 0o700 });
    if (home.user !== undefined) chownSync(temporary, home.user.uid, home.user.gid);
    const tool = {
      env: postgresEnvironment(home.native_directory),
      cwd: dirname(temporary),
      stateDirectory,
      user: home.user,
      timeoutMs: 120_000,
      signal,
    };
    await runTool({
      ...tool,
      title: "initdb",
      command: join(home.native_directory, "bin/initdb"),
      args: [
        "-D",
        temporary,
        "-U",
        "postgres",
        "--auth=reject",
        "--encoding=UTF8",
        "--locale-provider=builtin",
        "--locale=C.UTF-8",
      ],
    });
    await runStatements(tool, temporary, home, "create database", "postgres", [
      `CREATE ROLE ${DATABASE_USER} LOGIN PASSWORD '${scramVerifier(password)}'`,
      `GRANT pg_monitor, pg_checkpoint TO ${DATABASE_USER}`,
      `CREATE DATABASE ${DATABASE} OWNER ${DATABASE_USER}`,
    ]);
    const hasStandby = settings.postgres_standby !== undefined;
    if (hasStandby) {
      const secret = ensurePassword(join(stateDirectory, LAYOUT.standbyPassword));
      await runStatements(tool, temporary, home, "create the standby's role", DATABASE, [
        `CREATE ROLE ${STANDBY_USER} LOGIN REPLICATION PASSWORD '${scramVerifier(secret)}'`,
        ...standbyGrants(),
      ]);
    }
    writeOwned(join(temporary, "pg_hba.conf"), hasStandby ? CLUSTER_HBA : POSTGRES_HBA, home.user);
    renameSync(temporary, home.data_directory);
  }
  prepareCluster(settings, stateDirectory);
  const { host, port, standbys = [], database, user } = postgresAddress(settings, stateDirectory);
  const lines = [{ host, port }, ...standbys].map(
    (server) => `${server.host}:${server.port}:${database}:${user}:${password}\n`,
  );
  writeFileAtomic.sync(join(stateDirectory, LAYOUT.postgresPassfile), lines.join(""), { mode: 0o600 });
}

/** Of two servers, the first one begins as the primary; each writes its own configuration when it starts. */
function prepareCluster(settings: Settings, stateDirectory: string): void {
  if (settings.postgres_standby === undefined) return writePostgresConfiguration(settings, stateDirectory);
  const cluster = readCluster(stateDirectory);
  // An engine that died may have left the standby without its stream.
  const { synchronous } = settings.postgres_standby;
  const first = { primary: POSTGRES, timeline: 1, ...(synchronous === true && { alone: true }) };
  writeCluster(stateDirectory, { ...first, ...cluster, receiving: true });
}

/** Written again at every `up`, at every start of a server of two, and when a link is put before the server: ports and roles may change. */
export function writePostgresConfiguration(settings: Settings, stateDirectory: string, name = POSTGRES): void {
  const cluster = readCluster(stateDirectory);
  const standby = cluster === undefined ? {} : replicationSettings(settings, cluster, name);
  writeOwned(
    join(dataDirectory(settings, name), "postgresql.conf"),
    postgresConfiguration(settings, name, standby),
    settings.postgres.user,
  );
}

/** In single-user mode each line of standard input is a statement. */
async function runStatements(
  tool: Omit<Tool, "title" | "command" | "args">,
  directory: string,
  { native_directory }: Settings["postgres"],
  title: string,
  database: string,
  statements: string[],
): Promise<void> {
  await runTool({
    ...tool,
    title,
    command: join(native_directory, "bin/postgres"),
    args: ["--single", "-D", directory, "-c", "log_statement=none", "-c", "exit_on_error=on", database],
    input: [...statements, ""].join("\n"),
  });
}

function postgresEnvironment(nativeDirectory: string): Record<string, string> {
  return nodeEnvironment({ LD_LIBRARY_PATH: join(nativeDirectory, "lib") });
}

function writeOwned(path: string, text: string, user: { uid: number; gid: number } | undefined): void {
  writeFileAtomic.sync(path, text, { mode: 0o600, ...(user === undefined ? {} : { chown: user }) });
}

/** @returns the password in the file, which is made, mode 0600, if it is not there. */
function ensurePassword(file: string): string {
  if (!existsSync(file)) {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileAtomic.sync(file, `${randomBytes(24).toString("base64url")}\n`, { mode: 0o600 });
  }
  return readFileSync(file, "utf8").trim();
}
