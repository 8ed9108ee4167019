import { existsSync, readFileSync, readlinkSync, renameSync, symlinkSync } from "node:fs";
import { basename, join } from "node:path";
import { FaultlineError } from "../../contract/errors.ts";
import { parseRun, RUN_FILES, type Run } from "../../contract/run.ts";
import type { PostgresAddress } from "../../contract/stack.ts";
import { renderSchema } from "../../db/ddl.ts";
import { waitUntil } from "../../machine/clock.ts";
import { ensureTopic, topicIsComplete } from "../protocol/kafka-topic.ts";
import { withPostgres } from "../protocol/postgres-client.ts";
import {
  ensureRunDirectory,
  ensureRunFile,
  newRunId,
  type NewRun,
  type PipelineFile,
  readPipelineFile,
} from "../run-directory.ts";
import { type ComposeEnvironment, composeEnvironment } from "./environment.ts";

/**
 * Makes the run's directory, the topic and the tables, as `up` of the local runtime does. The producer's container runs it at every
 * start. Each of these is there whole or not at all, and may be made again.
 */
const TIMEOUT_MS = 120_000;

try {
  await prepare();
} catch (error) {
  const known = error instanceof FaultlineError ? error : undefined;
  process.stderr.write(
    `${known?.code ?? "crash"}: ${(error as Error).message}\n${known?.remedy === undefined ? "" : `  ${known.remedy}\n`}`,
  );
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
    await withPostgres(
      settings.postgres,
      async (client) => client.query(`BEGIN;\n${renderSchema(file.pipeline)}COMMIT;`),
      30_000,
    );
    return true;
  });
  const current = join(settings.runsDirectory, "current");
  const runFile = join(current, RUN_FILES.run);
  if (existsSync(runFile)) checkSame(parseRun(readFileSync(runFile, "utf8"), runFile), file, settings);
  else await newRun(current, file, settings);
  process.stdout.write(`run ${basename(readlinkSync(current))}, topic ${file.pipeline.topic}\n`);
}

/** The link comes last: it leads only to a run that is whole. */
async function newRun(current: string, file: PipelineFile, settings: ComposeEnvironment): Promise<void> {
  const createdMs = Date.now();
  const runId = newRunId(settings.runsDirectory, file.pipeline.name, createdMs);
  const runDirectory = join(settings.runsDirectory, runId);
  ensureRunDirectory(runDirectory, file.text);
  const run: NewRun = {
    id: runId,
    run: Math.floor(createdMs / 1000),
    seed: settings.seed,
    malformed_ppm: settings.malformedPpm,
    pipeline: file.pipeline.name,
    pipeline_sha256: file.sha256,
    runtime: "compose",
    trigger: settings.trigger,
    coordination: settings.coordination,
    created_ms: createdMs,
  };
  const versions = { postgres: await postgresVersion(settings.postgres), node: process.versions.node };
  ensureRunFile(runDirectory, run, versions);
  symlinkSync(runId, `${current}.new`);
  renameSync(`${current}.new`, current);
}

/** One stack's data is one run: another pipeline or seed would not be what the ledger says. */
function checkSame(run: Run, file: PipelineFile, settings: ComposeEnvironment): void {
  const pairs: [string, string | number, string | number][] = [
    ["FAULTLINE_PIPELINE (SHA-256)", file.sha256, run.pipeline_sha256],
    ["FAULTLINE_SEED", settings.seed, run.seed],
    ["FAULTLINE_MALFORMED_PPM", settings.malformedPpm, run.malformed_ppm],
  ];
  for (const [name, asked, has] of pairs)
    if (asked !== has)
      throw new FaultlineError(
        "FL_CONFIG_INVALID",
        `${name}: asked for ${asked}, but the volumes have ${has} (run ${run.id})`,
        { remedy: "docker compose down -v throws the data away; then up makes new data" },
      );
}

async function postgresVersion(address: PostgresAddress): Promise<string> {
  const result = await withPostgres(address, async (client) =>
    client.query<{ server_version: string }>("SHOW server_version"),
  );
  return result.rows[0]?.server_version ?? "unknown";
}

/** Tries again after an error that may pass: of a network, of a server that starts. @throws the last one when the time is over */
async function within(what: string, done: () => Promise<boolean>): Promise<void> {
  let problem: unknown;
  const attempt = async (): Promise<boolean> => {
    problem = undefined;
    try {
      return await done();
    } catch (error) {
      if (error instanceof FaultlineError) throw error;
      problem = error;
      return false;
    }
  };
  if (await waitUntil(TIMEOUT_MS, attempt, { everyMs: 500 })) return;
  throw problem ?? new FaultlineError("FL_NOT_READY", `${what}: not ready within ${TIMEOUT_MS / 1000} s`);
}
