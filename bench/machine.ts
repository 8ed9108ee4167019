import { readdirSync, readFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg, totalmem } from "node:os";
import { join } from "node:path";
import { RUN_FILES, runSchema } from "../contract/run.ts";
import type { Stack } from "../contract/stack.ts";
import { sparkHome } from "../platform/local/spark.ts";

/** Where figures come from; without it they mean nothing. */
export type Machine = {
  cores: number;
  cpu: string;
  memoryGib: number;
  /** Of one minute, before the stack was started. */ loadBefore: number;
  versions: Record<string, string>;
};

/** To be asked before anything of the benchmark runs. */
export function loadNow(): number {
  return Math.round((loadavg()[0] ?? 0) * 100) / 100;
}

export function describeMachine(stack: Stack, loadBefore: number): Machine {
  const run = runSchema.parse(JSON.parse(readFileSync(join(stack.runDirectory, RUN_FILES.run), "utf8")));
  return {
    cores: availableParallelism(),
    cpu: cpus()[0]?.model ?? "unknown",
    memoryGib: Math.round(totalmem() / 2 ** 30),
    loadBefore,
    versions: { ...run.versions, spark: sparkVersion() },
  };
}

function sparkVersion(): string {
  const names = readdirSync(join(sparkHome().home, "jars"));
  return names.map((name) => /^spark-core_[\d.]+-(\d.*)\.jar$/.exec(name)?.[1]).find((version) => version !== undefined) ?? "unknown";
}

/** One line: "2 cores (…), 24 GiB, load 0.2 before; PostgreSQL 18.1, Kafka 4.4.0, Spark 4.2.0, Java 17, Node 24". */
export function machineText(machine: Machine): string {
  const versions = Object.entries(machine.versions).map(([name, version]) => `${name} ${version}`);
  return `${machine.cores} cores (${machine.cpu}), ${machine.memoryGib} GiB, load ${machine.loadBefore} before the start; ${versions.join(", ")}`;
}
