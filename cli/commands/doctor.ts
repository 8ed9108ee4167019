import { execFile } from "node:child_process";
import { readFileSync, statfsSync } from "node:fs";
import { availableParallelism, totalmem } from "node:os";
import { promisify } from "node:util";
import { buildCommand } from "@stricli/core";
import type { CommandContext } from "../context.ts";

type Finding = { name: string; ok: boolean; found: string; needed: string };

const GIB = 2 ** 30;

export const doctor = buildCommand<{ json: boolean }, [], CommandContext>({
  docs: {
    brief: "Check what this machine has and lacks",
    fullDescription: "Check what this machine has and lacks: tools, memory, disk. Exits 69 when something needed is missing.\n\nExample:\n  ./faultline doctor",
  },
  parameters: { flags: { json: { kind: "boolean", brief: "Findings as JSON", default: false } } },
  async func(flags) {
    const findings = [
      { name: "Node", ok: Number(process.versions.node.split(".")[0]) >= 24, found: process.versions.node, needed: "24 (the door brings its own)" },
      await tool("java", ["-version"], /version "(\d+)/, 17, "JDK 17 or newer (Debian: default-jdk-headless)"),
      await tool("javac", ["-version"], /javac (\d+)/, 17, "JDK 17 or newer (Debian: default-jdk-headless)"),
      await tool("mvn", ["-v"], /Apache Maven (\d+)\.\d+/, 3, "Maven 3.8 or newer (Debian: maven)"),
      { name: "cores", ok: availableParallelism() >= 2, found: String(availableParallelism()), needed: "2" },
      {
        name: "memory",
        ok: memoryAvailable() >= 5 * GIB,
        found: `${(memoryAvailable() / GIB).toFixed(1)} of ${(totalmem() / GIB).toFixed(1)} GiB available`,
        needed: "5 GiB available",
      },
      { name: "disk", ok: diskFree(this.root) >= 5 * GIB, found: `${(diskFree(this.root) / GIB).toFixed(1)} GiB free`, needed: "5 GiB free" },
    ];
    const out = this.process.stdout;
    if (flags.json) out.write(`${JSON.stringify(findings)}\n`);
    else
      for (const finding of findings)
        out.write(`${finding.ok ? "ok     " : "MISSING"}  ${finding.name.padEnd(7)} ${finding.found}${finding.ok ? "" : `; needed: ${finding.needed}`}\n`);
    if (findings.some((finding) => !finding.ok)) this.process.exitCode = 69;
  },
});

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

function diskFree(path: string): number {
  const { bavail, bsize } = statfsSync(path);
  return bavail * bsize;
}
