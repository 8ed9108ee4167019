import { readFileSync } from "node:fs";
import type { NodeFiles } from "./node-files.ts";
import { nodeProcesses } from "./node-process.ts";

const FLAG = "-XX:SharedArchiveFile=";

/**
 * The class archive that a JVM was told to use, but has not mapped: it did not fit (other jars, another JDK), so the JVM does without and starts more slowly.
 * Undefined: it is mapped, none was asked for, or the process is gone.
 */
export function ignoredArchive(pid: number): string | undefined {
  try {
    const flag = readFileSync(`/proc/${pid}/cmdline`, "utf8")
      .split("\0")
      .find((item) => item.startsWith(FLAG));
    const archive = flag?.slice(FLAG.length);
    if (archive === undefined || readFileSync(`/proc/${pid}/maps`, "utf8").includes(archive)) return undefined;
    return archive;
  } catch {
    return undefined;
  }
}

/** One line for each process of these nodes that ignores its archive; executors count as their worker's. */
export function ignoredArchives(files: NodeFiles): string[] {
  return files.names().flatMap((name) => {
    const spec = files.readSpec(name);
    if (spec === undefined) return [];
    return nodeProcesses(files.stateDirectory, spec, files.readActual(name).process).flatMap(({ pid }) => {
      const archive = ignoredArchive(pid);
      return archive === undefined
        ? []
        : [`${name}: process ${pid} starts slowly, it ignores its class archive ${archive}`];
    });
  });
}
