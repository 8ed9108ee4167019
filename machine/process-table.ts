import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { type ProcessStat, readProcessStat } from "./process-identity.ts";

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

/** The command line, arguments separated by spaces; undefined when the process is gone. */
export function commandLine(pid: number): string | undefined {
  return readText(`/proc/${pid}/cmdline`)?.replaceAll("\0", " ").trim();
}

/** Its environment as it was at the start, one NAME=value each; undefined when it is gone, or another user's unless we are root. */
export function environmentOf(pid: number): string[] | undefined {
  return readText(`/proc/${pid}/environ`)?.split("\0");
}

export function workingDirectoryOf(pid: number): string | undefined {
  return readLink(`/proc/${pid}/cwd`);
}

/** The path of its program, with " (deleted)" behind it when that is gone. */
export function executableOf(pid: number): string | undefined {
  return readLink(`/proc/${pid}/exe`);
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
