import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { type ProcessStat, readProcessStat } from "./process-identity.ts";

/** Every process that a node is made of carries these two in its environment, children included, so that none gets lost when a parent dies. */
export const STATE_VARIABLE = "FAULTLINE_STATE_DIR";
export const NODE_VARIABLE = "FAULTLINE_NODE";

export type ProcessTable = Map<number, ProcessStat>;

/** Every process of the machine that is not dead. */
export function readProcessTable(): ProcessTable {
  const table: ProcessTable = new Map();
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = readProcessStat(Number(entry));
    if (stat !== undefined && stat.state !== "Z" && stat.state !== "X") table.set(stat.pid, stat);
  }
  return table;
}

/** Children, grandchildren and so on of a process, whatever their session; without itself. */
export function descendantsOf(table: ProcessTable, pid: number): ProcessStat[] {
  const children = Map.groupBy(table.values(), (stat) => stat.ppid);
  const found: ProcessStat[] = [];
  const open = [pid];
  for (let parent = open.pop(); parent !== undefined; parent = open.pop())
    for (const child of children.get(parent) ?? []) {
      found.push(child);
      open.push(child.pid);
    }
  return found;
}

/** Processes started for this state directory (and node), found by their environment. Those of other users are not seen unless we are root. */
export function taggedProcesses(table: ProcessTable, stateDirectory: string, node?: string): ProcessStat[] {
  return [...table.values()].filter((stat) => {
    const environment = readText(`/proc/${stat.pid}/environ`);
    if (environment === undefined || !hasVariable(environment, STATE_VARIABLE, stateDirectory)) return false;
    // Both variables: a user may well export the first one in a shell.
    return node === undefined ? environment.includes(`\0${NODE_VARIABLE}=`) : hasVariable(environment, NODE_VARIABLE, node);
  });
}

/** PostgreSQL's processes of one data directory. They overwrite their environment with a title, but all work in the data directory. */
export function postgresProcesses(table: ProcessTable, dataDirectory: string): ProcessStat[] {
  return [...table.values()].filter((stat) => {
    if (readLink(`/proc/${stat.pid}/cwd`) !== dataDirectory) return false;
    return /\/postgres( \(deleted\))?$/.test(readLink(`/proc/${stat.pid}/exe`) ?? "");
  });
}

/** The command line, arguments separated by spaces; undefined when the process is gone. */
export function commandLine(pid: number): string | undefined {
  return readText(`/proc/${pid}/cmdline`)?.replaceAll("\0", " ").trim();
}

function hasVariable(environment: string, name: string, value: string): boolean {
  return `\0${environment}\0`.includes(`\0${name}=${value}\0`);
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

function readLink(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
