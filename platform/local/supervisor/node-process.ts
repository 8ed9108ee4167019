import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdirSync, readFileSync } from "node:fs";
import type { ProcessIdentity } from "../../../contract/process.ts";
import { openLog } from "./log-file.ts";
import type { ProcessSpec } from "./node-files.ts";
import { isExecutor, NODE_VARIABLE, postgresProcesses, STATE_VARIABLE, taggedProcesses } from "./marked-processes.ts";
import { identityOf, sameProcess, toIdentity } from "../../../machine/process-identity.ts";
import { descendantsOf, readProcessTable } from "../../../machine/process-table.ts";

/**
 * Starts a node's process in a session of its own, its output appended to its log.
 * @throws when a file (log, secret, working directory) can't be read or made; when the program can't be run, the child emits "error" and has no pid.
 */
export function startProcess(stateDirectory: string, spec: ProcessSpec): ChildProcess {
  const secrets = Object.fromEntries(
    Object.entries(spec.secret_env).map(([name, file]) => [name, readFileSync(file, "utf8").trim()]),
  );
  mkdirSync(spec.cwd, { recursive: true });
  const log = openLog(spec.log);
  try {
    return spawn(spec.command, spec.args, {
      cwd: spec.cwd,
      env: { ...spec.env, ...secrets, [STATE_VARIABLE]: stateDirectory, [NODE_VARIABLE]: spec.name },
      detached: true,
      stdio: ["ignore", log, log],
      ...(spec.uid === undefined ? {} : { uid: spec.uid }),
      ...(spec.gid === undefined ? {} : { gid: spec.gid }),
    });
  } finally {
    closeSync(log);
  }
}

/** Every process of a node: its main process (if alive) first, its descendants, and those that lost their parent. */
export function nodeProcesses(
  stateDirectory: string,
  spec: ProcessSpec,
  main: ProcessIdentity | null,
): ProcessIdentity[] {
  const table = readProcessTable();
  const found = new Map<number, ProcessIdentity>();
  const live = main === null ? undefined : identityOf(main.pid);
  if (main !== null && live !== undefined && sameProcess(live, main)) {
    found.set(live.pid, live);
    for (const stat of descendantsOf(table, live.pid)) found.set(stat.pid, toIdentity(stat));
  }
  const others = taggedProcesses(table, stateDirectory, spec.name);
  if (spec.data_directory !== undefined) others.push(...postgresProcesses(table, spec.data_directory));
  for (const stat of others) found.set(stat.pid, found.get(stat.pid) ?? toIdentity(stat));
  return [...found.values()];
}

/**
 * Finds the main process of a node that no record names, because the supervisor died between start and record: it carries the node's name,
 * leads its session (we start it so), and its parent is none of the node's. The oldest, if several look so. An executor leads a session as well, and has lost
 * its parent when the worker died.
 */
export function findMainProcess(stateDirectory: string, name: string): ProcessIdentity | undefined {
  const tagged = taggedProcesses(readProcessTable(), stateDirectory, name);
  const pids = new Set(tagged.map((stat) => stat.pid));
  const main = tagged
    .filter((stat) => stat.session === stat.pid && !pids.has(stat.ppid) && !isExecutor(stat))
    .toSorted((a, b) => a.start_ticks - b.start_ticks)[0];
  return main === undefined ? undefined : toIdentity(main);
}
