import { existsSync, readFileSync, readlinkSync, renameSync, symlinkSync } from "node:fs";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { FaultlineError } from "../../contract/errors.ts";
import { RUN_FILES, runSchema, type Run } from "../../contract/run.ts";
import type { PostgresAddress } from "../../contract/stack.ts";
import { renderSchema } from "../../db/ddl.ts";
import { ensureTopic, topicIsComplete } from "../protocol/kafka-topic.ts";
import { withPostgres } from "../protocol/postgres-client.ts";
import { ensureRunDirectory, ensureRunFile, newRunId, type PipelineFile, readPipelineFile } from "../run-directory.ts";
import { composeEnvironment } from "./environment.ts";

/**
 * What a stack of containers needs before its first event, and what the local runtime's `up` does: the run's directory, the topic, the tables.
 * The producer's container runs it at every start; all of it is there whole or not at all, and may be done again.
 */
const TIMEOUT_MS = 120_000;

try {
  await prepare();
} catch (error) {
  const known = error instanceof FaultlineError ? error : undefined;
  process.stderr.write(`${known?.code ?? "crash"}: ${(error as Error).message}\n${known?.remedy === undefined ? "" : `  ${known.remedy}\n`}`);
  process.exitCode = known?.exitCode ?? 70;
}

async function prepare(): Promise<void> {
  const settings = composeEnvironment(process.env);
  const file = readPipelineFile(settings.pipelineFile);
  await within("topic", async () => {
    await ensureTopic(settings.brokers[0] as string, file.pipeline.topic, file.pipeline.partitions);
    return topicIsComplete(settings.brokers, file.pipeline.topic, file.pipeline.partitions);
  });
  await within("tables", async () => {
    await withPostgres(settings.postgres, async (client) => client.query(`BEGIN;\n${renderSchema(file.pipeline)}COMMIT;`), 30_000);
    return true;
  });
  const current = join(settings.runsDirectory, "current");
  if (existsSync(join(current, RUN_FILES.run))) checkSame(runSchema.parse(JSON.parse(readFileSync(join(current, RUN_FILES.run), "utf8"))), file, settings);
  else await newRun(current, file, settings);
  process.stdout.write(`run ${basename(readlinkSync(current))}, topic ${file.pipeline.topic}\n`);
}

/** The link comes last: who finds it finds a run that is whole. */
async function newRun(current: string, file: PipelineFile, settings: ReturnType<typeof composeEnvironment>): Promise<void> {
  const createdMs = Date.now();
  const runId = newRunId(settings.runsDirectory, file.pipeline.name, createdMs);
  const runDirectory = join(settings.runsDirectory, runId);
  ensureRunDirectory({ runDirectory }, file.text);
  ensureRunFile(
    {
      runId,
      runDirectory,
      run: Math.floor(createdMs / 1000),
      seed: settings.seed,
      malformedPpm: settings.malformedPpm,
      pipeline: file.pipeline.name,
      pipelineSha256: file.sha256,
      runtime: "compose",
      trigger: settings.trigger,
      createdMs,
    },
    { postgres: await postgresVersion(settings.postgres), node: process.versions.node },
  );
  symlinkSync(runId, `${current}.new`);
  renameSync(`${current}.new`, current);
}

/** One stack's data is one run: another pipeline or seed would not be what the ledger says. */
function checkSame(run: Run, file: PipelineFile, settings: ReturnType<typeof composeEnvironment>): void {
  const pairs: [string, string | number, string | number][] = [
    ["FAULTLINE_PIPELINE (SHA-256)", file.sha256, run.pipelineSha256],
    ["FAULTLINE_SEED", settings.seed, run.seed],
    ["FAULTLINE_MALFORMED_PPM", settings.malformedPpm, run.malformedPpm],
  ];
  for (const [name, asked, has] of pairs)
    if (asked !== has)
      throw new FaultlineError("FL_CONFIG_INVALID", `${name}: asked for ${asked}, but the volumes have ${has} (run ${run.id})`, {
        remedy: "docker compose down -v throws the data away; then up makes new ones",
      });
}

async function postgresVersion(address: PostgresAddress): Promise<string> {
  const result = await withPostgres(address, async (client) => client.query<{ server_version: string }>("SHOW server_version"));
  return result.rows[0]?.server_version ?? "unknown";
}

async function within(what: string, done: () => Promise<boolean>): Promise<void> {
  const deadlineMs = Date.now() + TIMEOUT_MS;
  for (;;) {
    try {
      if (await done()) return;
    } catch (error) {
      if (error instanceof FaultlineError || Date.now() > deadlineMs) throw error;
    }
    if (Date.now() > deadlineMs) throw new FaultlineError("FL_NOT_READY", `${what}: not ready within ${TIMEOUT_MS / 1000} s`);
    await sleep(500);
  }
}
