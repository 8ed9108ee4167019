import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { startStagingJob } from "../../bench/job-process.ts";
import { required } from "../../contract/capability.ts";
import { ledgerReader } from "../../contract/ledger.ts";
import type { Life } from "../../contract/node.ts";
import { RUN_FILES } from "../../contract/run.ts";
import { waitUntil } from "../../machine/clock.ts";
import { localNodeControl } from "../../platform/local/node-control.ts";
import { up } from "../../platform/local/stack/up.ts";
import { readPipelineFile } from "../../platform/run-directory.ts";
import { TestBench } from "../fixture/test-bench.ts";

const ROOT = join(import.meta.dirname, "../..");
const EVENTS = 3_000;
const RATE = 500;

/** The usual job, which keeps its offsets in a checkpoint, where a promotion takes commits back. */
const bench = new TestBench();
afterAll(() => bench[Symbol.asyncDispose]());

const until = async (what: string, condition: () => Promise<boolean>): Promise<void> => {
  if (!(await waitUntil(240_000, condition, { everyMs: 500 }))) throw new Error(`not within 240 s: ${what}`);
  process.stdout.write(`  ${what}\n`);
};
const rows = async (): Promise<number> => {
  const [row] = await bench.rows<{ n: string }>("SELECT count(*) AS n FROM payments");
  return Number(row?.n);
};
const produce = async (): Promise<unknown> => bench.must(["produce", "--count", `${EVENTS}`, "--rate", `${RATE}`]);

it("a sink with its offsets in a checkpoint loses what a lossy failover takes back: lost-sink", async () => {
  const { directory } = bench;
  const stateDir = join(directory, "state");
  const pipelineFile = join(ROOT, "pipelines/payments.yaml");
  const { pipeline } = readPipelineFile(pipelineFile);
  const stack = await up({
    stateDir,
    runsDir: join(directory, "runs"),
    pipelineFile,
    seed: 5,
    driver: false,
    standby: false,
    sparkCluster: false,
    postgresStandby: true,
  });
  const { signal } = new AbortController();
  const target = { bench: { root: ROOT, pipelineFile, pipeline, stateDir, say: () => undefined, signal }, stack };
  const job = startStagingJob(
    { ...target, pipeline, workDir: join(directory, "work") },
    { rewrite: true, batchOffsets: 5_000, untilRows: Number.MAX_SAFE_INTEGER, onBatch: () => undefined },
  );
  const control = localNodeControl(stateDir);
  const [failover, lifecycle] = [required(control.failover), required(control.lifecycle)];
  const stored = async (what: string, count: number): Promise<void> =>
    until(`${what}: ${count} rows`, async () => {
      job.checkAlive();
      return (await rows()) === count;
    });

  await produce();
  await stored("with a standby that follows", EVENTS);
  await failover.detach();
  await produce();
  await stored("while the standby gets nothing", 2 * EVENTS);
  const { primary, standby } = await failover.servers();
  await lifecycle.hold(primary, "sabotage", Date.now() + 600_000);
  await lifecycle.strike((await lifecycle.lifeOf(primary, "node")) as Life, "kill", true);
  await failover.promote(standby);
  await lifecycle.release(primary, "sabotage");
  await failover.restore();
  // The marker: the commits are gone, and the checkpoint has passed them.
  expect(await rows()).toBe(EVENTS);
  await produce();
  await stored("after the promotion", 2 * EVENTS);
  await job.kill();

  // Where the job says that it is: the validator takes sink_offsets for a sink's progress.
  const values = acknowledgedEnds(stack.run_directory, pipeline.partitions).map(
    (end, partition) => `('payments', 'payments', ${partition}, 0, ${end}, 1)`,
  );
  await bench.must([
    "sql",
    `INSERT INTO sink_offsets (target, topic, partition, start_offset, next_offset, generation) VALUES ${values.join(", ")}`,
  ]);
  const { verdict } = await bench.verdict("--allow-no-faults", "--quiet-timeout", "15s");
  const lost = verdict.anomalies.find(({ kind }) => kind === "lost-sink");
  process.stdout.write(`  verdict ${verdict.verdict}: ${lost?.count} lost-sink, ${lost?.ranges.join(", ")}\n`);
  expect(verdict.verdict).toBe("INVALID");
  expect(lost?.count).toBe(EVENTS);
  expect(lost?.ranges[0]).toMatch(/^p0 #\d+-\d+$/);
}, 900_000);

/** By partition, the offset behind the last acknowledged record. */
function acknowledgedEnds(runDirectory: string, partitions: number): number[] {
  const ends = Array.from({ length: partitions }, () => 0);
  const reader = ledgerReader();
  for (const line of readFileSync(join(runDirectory, RUN_FILES.ledger), "utf8").split("\n").slice(0, -1)) {
    const record = reader.read(line);
    if (typeof record !== "string" && record.t === "ack")
      ends[record.p] = Math.max(ends[record.p] ?? 0, record.o + record.n);
  }
  return ends;
}
