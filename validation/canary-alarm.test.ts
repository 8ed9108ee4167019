import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { parsePipeline } from "../contract/pipeline.ts";
import { RUN_FILES } from "../contract/run.ts";
import type { CanaryResult } from "./canary/canary.ts";
import { worldBytes } from "./fixture/read-world.ts";
import { applySink } from "./fixture/sink.ts";
import { makeWorld } from "./fixture/world.ts";
import { Premises } from "./premises/premises.ts";
import type { PostgresReader } from "./sinks/postgres.ts";
import { Sources } from "./source/sources.ts";
import { validate } from "./validate.ts";

/** What the canary finds; the reading of the sources is skipped, as if both had been read to their ends. */
const found: { result: CanaryResult } = { result: { planted: 9, found: 9, kinds: 3, missed: [], untested: [] } };
vi.mock("./canary/canary.ts", async (original) => ({ ...(await original<object>()), runCanary: () => found.result }));
vi.mock("./engine/read-run.ts", async (original) => ({
  ...(await original<object>()),
  readRun: async (histories: { logRead: boolean; sinkRead: boolean }) => {
    histories.logRead = histories.sinkRead = true;
    return { problems: [], doubtful: [], captured: new Map() };
  },
}));

const TEXT = await readFile(new URL("../pipelines/payments.yaml", import.meta.url), "utf8");
const pipeline = parsePipeline(TEXT, "payments.yaml");
const world = makeWorld(pipeline, 5, { batches: 10, malformedPpm: 0 });
const sha256 = createHash("sha256").update(TEXT).digest("hex");
const ledger = world.ledger.map((record) => (record.t === "open" ? { ...record, pipeline_sha256: sha256 } : record));

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "faultline-canary-"));
  await writeFile(join(directory, RUN_FILES.pipeline), TEXT);
  await writeFile(join(directory, RUN_FILES.ledger), worldBytes({ ...world, ledger }, applySink(world)).ledger);
  vi.spyOn(Sources.prototype, "waitUntilQuiet").mockResolvedValue({
    outcome: "quiet",
    waitedMs: 0,
    behind: 0,
  } as never);
  const nobody = { select: () => Promise.resolve([]), close: () => undefined } as unknown as PostgresReader;
  vi.spyOn(Sources.prototype, "postgres").mockResolvedValue(nobody);
  vi.spyOn(Premises.prototype, "readKafka").mockResolvedValue();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await rm(directory, { recursive: true });
});

const judged = () =>
  validate({
    ledgerFile: join(directory, RUN_FILES.ledger),
    pipeline: join(directory, RUN_FILES.pipeline),
    brokers: ["127.0.0.1:1"],
    postgres: { host: "127.0.0.1", port: 1, database: "d", user: "u", password: "p" },
    quietTimeoutMs: 0,
    allowNoFaults: true,
  });
const alarm = expect.stringContaining("the checks do not find");

test("checks that miss a planted damage make the verdict UNKNOWN, or no better", async () => {
  found.result = { planted: 9, found: 8, kinds: 3, missed: ["lost-sink (a row is taken away)"], untested: [] };
  const verdict = await judged();
  expect(verdict.reasons).toContain(
    "the checks do not find lost-sink (a row is taken away), planted in a copy of this run's own bytes",
  );
  expect(verdict.canary).toEqual({ planted: 9, found: 8, kinds: 3, untested: [] });
});

test("checks that find all that was planted are no reason; what had no place is not proved", async () => {
  found.result = { planted: 9, found: 9, kinds: 3, missed: [], untested: ["journal-damage"] };
  const { reasons, not_proved } = await judged();
  expect(reasons).not.toContainEqual(alarm);
  expect(not_proved).toContain("that the checks would find journal-damage: this run has no place to plant it");
});
