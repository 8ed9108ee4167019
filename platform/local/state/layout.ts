import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { driverStatusFile } from "../../../contract/job.ts";

/** The checkout's root. */
export const ROOT = join(import.meta.dirname, "../../..");

/** Where things lie in a state directory. */
export const LAYOUT = {
  stack: "stack.json",
  data: "data",
  postgresPassword: "secrets/postgres-password",
  /** The same in libpq's format, so that psql asks for nothing. */
  postgresPassfile: "secrets/pgpass",
  /** Of the role that copies, streams and promotes. */
  standbyPassword: "secrets/standby-password",
  /** Which server takes writes (see postgres-cluster.ts). */
  postgresCluster: "data/postgres-cluster.json",
  upDownLock: "up-down.lock",
  /** Conditions on links (see link-conditions.ts). */
  links: "links",
  checkpoint: "data/checkpoint",
} as const;

/** Where Node keeps the compiled modules of the nodes that it runs: half of a producer's start is reading and compiling them. */
export const COMPILE_CACHE = { NODE_COMPILE_CACHE: join(ROOT, ".faultline/cache/node") };

/** Each driver's status file. */
export function driverStatusPath(stateDirectory: string, driver: string): string {
  return join(stateDirectory, LAYOUT.data, driverStatusFile(driver));
}

/** `java` of JAVA_HOME, else of PATH. */
export function javaCommand(): string {
  return process.env["JAVA_HOME"] ? join(process.env["JAVA_HOME"], "bin/java") : "java";
}

/** Native libraries and the like that a JVM unpacks go where `down --volumes` removes them, because a killed JVM does not clean up. */
export function temporaryFiles(directory: string): string {
  return `-Djava.io.tmpdir=${directory}`;
}

/** Environment of every node: little, and of the caller's only what programs need to be found, so that no stray JAVA_TOOL_OPTIONS or PGPASSWORD gets in. */
export function nodeEnvironment(extra: Record<string, string> = {}): Record<string, string> {
  const kept = Object.fromEntries(
    ["JAVA_HOME", "LD_LIBRARY_PATH"].flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])),
  );
  return {
    ...kept,
    PATH: process.env["PATH"] ?? ["/usr/local/bin", "/usr/bin", "/bin"].join(delimiter),
    HOME: homedir(),
    LANG: "C.UTF-8",
    ...extra,
  };
}
