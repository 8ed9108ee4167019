import { readdirSync, readFileSync } from "node:fs";
import { availableParallelism, cpus, totalmem } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { RUN_FILES, parseRun } from "../contract/run.ts";
import type { Stack } from "../contract/stack.ts";
import { sparkHome } from "../platform/local/nodes/spark.ts";

/** Where figures come from; without it they mean nothing. */
export type Machine = {
  cores: number;
  cpu: string;
  memoryGib: number;
  /** Cores that others used, before anything of the benchmark ran. */ busyBefore: number;
  versions: Record<string, string>;
};

const LOOK_MS = 2_000;
/** More than this used by others: the figures will be noisy. */
const BUSY_CORES = 0.3;

/** Watches the machine for two seconds and says when it is busy. To be asked before anything of the benchmark runs. @returns cores in use. */
export async function busyCores(say: (line: string) => void): Promise<number> {
  const before = busyMs();
  const beganMs = performance.now();
  await sleep(LOOK_MS);
  const busy = Math.round(((busyMs() - before) / (performance.now() - beganMs)) * 100) / 100;
  if (busy > BUSY_CORES) say(`others use ${busy} of ${availableParallelism()} cores: expect noise`);
  return busy;
}

function busyMs(): number {
  return cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0);
}

export function describeMachine(stack: Stack, busyBefore: number): Machine {
  const file = join(stack.run_directory, RUN_FILES.run);
  const run = parseRun(readFileSync(file, "utf8"), file);
  return {
    cores: availableParallelism(),
    cpu: cpus()[0]?.model ?? "unknown",
    memoryGib: Math.round(totalmem() / 2 ** 30),
    busyBefore,
    versions: { ...run.versions, spark: sparkVersion() },
  };
}

function sparkVersion(): string {
  const names = readdirSync(join(sparkHome().home, "jars"));
  return (
    names.map((name) => /^spark-core_[\d.]+-(\d.*)\.jar$/.exec(name)?.[1]).find((version) => version !== undefined) ??
    "unknown"
  );
}

/** One line: "2 cores (…), 24 GiB, 0.1 cores in use before the start; PostgreSQL 18.1, Kafka 4.4.0, Spark 4.2.0, Java 17, Node 24". */
export function machineText(machine: Machine): string {
  const versions = Object.entries(machine.versions).map(([name, version]) => `${name} ${version}`);
  return `${machine.cores} cores (${machine.cpu}), ${machine.memoryGib} GiB, ${machine.busyBefore} cores in use before the start; ${versions.join(", ")}`;
}
