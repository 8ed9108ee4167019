import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { LEDGER_VERSION, type LedgerOpen } from "../../contract/ledger.ts";
import { encodeLog } from "../../contract/log-line.ts";
import { loadRun, runFiles } from "./run-files.ts";

test("the files of a run directory", () => {
  expect(runFiles({ runDirectory: "/r" })).toEqual({
    ledger: "/r/ledger.ndjson",
    journal: "/r/faults.ndjson",
    pipeline: "/r/pipeline.yaml",
    run: "/r/run.json",
    samples: "/r/samples.ndjson",
    witness: "/r/witness.ndjson",
    status: "/r/producer-status.json",
  });
});

test("a file that is named wins over the run directory's", () => {
  const named = { ledgerFile: "/l", journalFile: "/j", pipeline: "/p" };
  expect(runFiles({ runDirectory: "/r", ...named })).toMatchObject({
    ledger: "/l",
    journal: "/j",
    pipeline: "/p",
    run: "/r/run.json",
  });
  expect(runFiles(named)).toEqual({
    ledger: "/l",
    journal: "/j",
    pipeline: "/p",
    run: undefined,
    samples: undefined,
    witness: undefined,
    status: undefined,
  });
});

test("without a ledger there is no run; without a pipeline file it can't be judged", () => {
  expect(() => runFiles({ pipeline: "/p" })).toThrow(
    expect.objectContaining({ code: "FL_RUN_MISSING", message: "there is no run to validate" }),
  );
  expect(() => runFiles({ ledgerFile: "/l" })).toThrow(
    expect.objectContaining({ code: "FL_RUN_MISSING", message: "the ledger /l is given, but no pipeline file" }),
  );
});

const source = await readFile(new URL("../../pipelines/payments.yaml", import.meta.url), "utf8");
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
const open: LedgerOpen = {
  t: "open",
  version: LEDGER_VERSION,
  run: 9,
  seed: 1,
  malformed_ppm: 0,
  pipeline: "payments",
  pipeline_sha256: sha256(source),
  topic: "payments",
  partitions: 6,
  pid: 1,
  at_ms: 0,
};

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "faultline-run-files-"));
});
afterEach(() => rm(directory, { recursive: true }));

async function load(opening: LedgerOpen, pipeline: string | undefined = source) {
  const files = runFiles({ runDirectory: directory });
  await writeFile(files.ledger, encodeLog([opening]));
  await writeFile(files.pipeline, pipeline);
  return loadRun(files);
}

test("a run is its ledger's beginning and its pipeline", async () => {
  const { files, open: read, pipeline } = await load(open);
  expect(read).toEqual(open);
  expect(pipeline.table).toBe("payments");
  expect(files.run).toBe(join(directory, "run.json"));
});

test.each<[string, LedgerOpen, string]>([
  ["one byte more", open, `${source}\n`],
  ["other bytes by the ledger", { ...open, pipeline_sha256: sha256("other") }, source],
  ["other partitions by the ledger", { ...open, partitions: 7 }, source],
])("a pipeline file of another run is refused: %s", async (_, opening, pipeline) => {
  await expect(load(opening, pipeline)).rejects.toMatchObject({
    code: "FL_PIPELINE_INVALID",
    message: expect.stringContaining(
      `its SHA-256 is ${sha256(pipeline)}, but the ledger has ${opening.pipeline_sha256}`,
    ),
  });
});

test("a pipeline file that is not there is named", async () => {
  const files = runFiles({ runDirectory: directory });
  await writeFile(files.ledger, encodeLog([open]));
  await expect(loadRun(files)).rejects.toMatchObject({
    code: "FL_RUN_MISSING",
    message: `there is no pipeline file at ${files.pipeline}`,
    remedy: expect.stringContaining("--pipeline"),
    cause: { code: "ENOENT" },
  });
});
