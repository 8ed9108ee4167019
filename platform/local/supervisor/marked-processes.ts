import {
  commandLine,
  environmentOf,
  executableOf,
  type ProcessTable,
  workingDirectoryOf,
} from "../../../machine/process-table.ts";
import type { ProcessStat } from "../../../machine/process-identity.ts";

/**
 * Every process that a node is made of carries these two in its environment, children included, so that none gets lost when a
 * parent dies.
 */
export const STATE_VARIABLE = "FAULTLINE_STATE_DIR";
export const NODE_VARIABLE = "FAULTLINE_NODE";

/**
 * Processes started for this state directory (and node), found by their environment. Those of other users are not seen unless we
 * are root.
 */
export function taggedProcesses(table: ProcessTable, stateDirectory: string, node?: string): ProcessStat[] {
  return [...table.values()].filter((stat) => {
    const environment = environmentOf(stat.pid);
    if (environment?.includes(`${STATE_VARIABLE}=${stateDirectory}`) !== true) return false;
    // Both variables: a user may well export the first one in a shell.
    const mark = `${NODE_VARIABLE}=`;
    return node === undefined ? environment.some((entry) => entry.startsWith(mark)) : environment.includes(mark + node);
  });
}

/** The main class of a Spark executor. A worker starts it, and it may lead a session. */
const EXECUTOR_CLASS = "CoarseGrainedExecutorBackend";

export function isExecutor({ pid }: { pid: number }): boolean {
  return commandLine(pid)?.includes(EXECUTOR_CLASS) === true;
}

/**
 * PostgreSQL's processes of one data directory. They overwrite their environment with a title, but all work in the data
 * directory.
 */
export function postgresProcesses(table: ProcessTable, dataDirectory: string): ProcessStat[] {
  return [...table.values()].filter(
    ({ pid }) =>
      workingDirectoryOf(pid) === dataDirectory && /\/postgres( \(deleted\))?$/.test(executableOf(pid) ?? ""),
  );
}
