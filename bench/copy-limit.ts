import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type pg from "pg";
import { eventNumber } from "../contract/event.ts";
import { FaultlineError } from "../contract/errors.ts";
import { nodeEnvironment } from "../platform/local/state/layout.ts";
import type { BenchStack } from "./bench-stack.ts";
import { BenchProcess } from "./child-process.ts";
import { quote } from "./database.ts";
import { checkInterrupted } from "./options.ts";
import type { CopyFormat } from "./sink-variants.ts";
import type { Sample } from "./warm-rate.ts";
import { loginOf } from "../platform/protocol/postgres-client.ts";

const FILES = 2;
const POLL_MS = 50;

export type CopyVariant = { sessions: 1 | 2; format: CopyFormat };
export type CopyRun = {
  samples: Sample[];
  /** Share of a core that each client used: near 1, the client is what was measured. */ clientShare: number;
};

function rowFile({ workDir }: BenchStack, format: CopyFormat, index: number): string {
  return join(workDir, `rows-${format}-${index}.copy`);
}

function session(target: BenchStack, name: string, args: string[], onLine: (line: string) => void): BenchProcess {
  const { bench, stack, workDir } = target;
  const { host, port, database, user } = stack.postgres;
  return new BenchProcess({
    name,
    command: process.execPath,
    args: ["--disable-warning=ExperimentalWarning", join(import.meta.dirname, "copy-session-main.ts"), ...args],
    env: nodeEnvironment({
      PGHOST: host,
      PGPORT: `${port}`,
      PGDATABASE: database,
      PGUSER: user,
      PGPASSWORD: loginOf(stack.postgres).password,
      PGAPPNAME: "faultline-bench-copy",
    }),
    cwd: workDir,
    log: join(workDir, `${name}.log`),
    stateDir: bench.stateDir,
    onLine,
  });
}

/** Writes the table's rows into two files, each with half of the partitions. @returns how many. */
export async function exportTable(target: BenchStack, format: CopyFormat): Promise<number> {
  const { table, identity, partitions } = target.pipeline;
  const middle = eventNumber(Math.floor(partitions / 2), 0);
  mkdirSync(target.workDir, { recursive: true });
  let rows = 0;
  for (const [index, comparison] of ["<", ">="].entries()) {
    const query = `SELECT * FROM ${quote(table)} WHERE ${quote(identity.event)} ${comparison} ${middle}`;
    const exporter = session(
      target,
      `export-${format}-${index}`,
      ["export", format, query, rowFile(target, format, index)],
      (line) => {
        rows += (JSON.parse(line) as { rows: number }).rows;
      },
    );
    await untilEnded(target, [exporter]);
  }
  return rows;
}

/** Loads the files' rows into the empty table by as many sessions, each in one transaction, and watches the server's own count of rows. */
export async function copyIn(
  target: BenchStack,
  client: pg.Client,
  variant: CopyVariant,
  total: number,
  onSample: (sample: Sample) => void,
): Promise<CopyRun> {
  const files = Array.from({ length: FILES }, (_, index) => rowFile(target, variant.format, index));
  const { sessions } = variant;
  const parts = sessions === 1 ? [files] : files.map((file) => [file]);
  const table = quote(target.pipeline.table);
  const backends: number[] = [];
  let cpuMs = 0;
  let rows = 0;
  let lastEndMs = 0;
  const children = parts.map((part, index) =>
    session(target, `copy-${index}`, ["import", variant.format, table, ...part], (line) => {
      if (line.startsWith("ready ")) backends.push(Number(line.slice(6)));
      else {
        const report = JSON.parse(line) as { rows: number; cpu_ms: number };
        rows += report.rows;
        cpuMs += report.cpu_ms;
        lastEndMs = performance.now();
      }
    }),
  );
  try {
    await waitFor(target, children, () => backends.length === children.length);
    const beganMs = performance.now();
    const samples: Sample[] = [{ atMs: beganMs, rows: 0 }];
    for (const child of children) child.tell("go");
    const reached = new Map<number, number>();
    // A session that has committed is no longer in the view: what it reached stays counted.
    await waitFor(target, children, async () => {
      if (children.every((child) => child.hasEnded)) return true;
      const found = await client.query<{ pid: number; rows: string }>(
        "SELECT pid, tuples_processed AS rows FROM pg_stat_progress_copy WHERE pid = ANY ($1)",
        [backends],
      );
      for (const row of found.rows) reached.set(row.pid, Math.max(reached.get(row.pid) ?? 0, Number(row.rows)));
      const sum = [...reached.values()].reduce((all, one) => all + one, 0);
      const sample = { atMs: performance.now(), rows: Math.max(samples.at(-1)?.rows ?? 0, Math.min(sum, total - 1)) };
      samples.push(sample);
      onSample(sample);
      return false;
    });
    for (const child of children) await child.ended();
    if (rows !== total) throw new FaultlineError("FL_NODE_FAILED", `COPY stored ${rows} of ${total} rows`);
    // All rows are there when the last session has committed, not when the server has read them.
    samples.push({ atMs: lastEndMs, rows });
    return {
      samples: samples.filter((sample) => sample.atMs <= lastEndMs),
      clientShare: cpuMs / sessions / (lastEndMs - beganMs),
    };
  } finally {
    await Promise.all(children.map(async (child) => child.kill()));
  }
}

async function untilEnded(target: BenchStack, children: BenchProcess[]): Promise<void> {
  try {
    await waitFor(target, children, () => children.every((child) => child.hasEnded));
    for (const child of children) await child.ended();
  } finally {
    await Promise.all(children.map(async (child) => child.kill()));
  }
}

async function waitFor(
  { bench }: BenchStack,
  children: BenchProcess[],
  question: () => boolean | Promise<boolean>,
): Promise<void> {
  while (!(await question())) {
    checkInterrupted(bench);
    for (const child of children) child.checkAlive();
    await sleep(POLL_MS);
  }
}
