import { execFile } from "node:child_process";
import { readFileSync, statfsSync } from "node:fs";
import { availableParallelism, totalmem } from "node:os";
import { promisify } from "node:util";

/** What this machine has of something that a local stack needs. */
export type Finding = { name: string; ok: boolean; found: string; needed: string };

const GIB = 2 ** 30;

/** Tools, then resources. Takes about a second: it asks each tool for its version. */
export async function machineFindings(root: string): Promise<Finding[]> {
  const node = process.versions.node;
  return [
    { name: "Node", ok: Number(node.split(".")[0]) >= 24, found: node, needed: "24 (./faultline installs it)" },
    await tool("java", ["-version"], /version "(\d+)/, 17, "JDK 17 or newer (Debian: default-jdk-headless)"),
    await tool("javac", ["-version"], /javac (\d+)/, 17, "JDK 17 or newer (Debian: default-jdk-headless)"),
    await tool("mvn", ["-v"], /Apache Maven (\d+)\.\d+/, 3, "Maven 3.8 or newer (Debian: maven)"),
    ...resourceFindings(root),
  ];
}

/** Cores, memory and disk: read in a moment. */
export function resourceFindings(root: string): Finding[] {
  const cores = availableParallelism();
  const memory = memoryAvailable();
  const { bavail, bsize } = statfsSync(root);
  const disk = bavail * bsize;
  return [
    { name: "cores", ok: cores >= 2, found: `${cores}`, needed: "2" },
    {
      name: "memory",
      ok: memory >= 5 * GIB,
      found: `${gib(memory)} of ${gib(totalmem())} GiB available`,
      needed: "5 GiB available",
    },
    { name: "disk", ok: disk >= 5 * GIB, found: `${gib(disk)} GiB free`, needed: "5 GiB free" },
  ];
}

async function tool(name: string, args: string[], version: RegExp, least: number, needed: string): Promise<Finding> {
  try {
    const { stdout, stderr } = await promisify(execFile)(name, args, { timeout: 20_000 });
    const match = version.exec(stdout + stderr);
    return { name, ok: Number(match?.[1]) >= least, found: match?.[0] ?? "version unknown", needed };
  } catch {
    return { name, ok: false, found: "not found", needed };
  }
}

function memoryAvailable(): number {
  return Number(/MemAvailable:\s+(\d+) kB/.exec(readFileSync("/proc/meminfo", "utf8"))?.[1] ?? 0) * 1024;
}

function gib(bytes: number): string {
  return (bytes / GIB).toFixed(1);
}
