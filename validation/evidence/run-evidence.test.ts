import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { LedgerOpen } from "../../contract/ledger.ts";
import { RUN_FILES } from "../../contract/run.ts";
import { journalRecords, ledgerRecords, plan, type RunTexts, statusOf, wholeRun } from "./fixture/run-directory.ts";
import { contradictions, readRunEvidence } from "./run-evidence.ts";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "faultline-run-evidence-"));
});
afterEach(() => rm(directory, { recursive: true }));

async function read(texts: RunTexts) {
  for (const [name, text] of Object.entries(texts))
    if (text !== undefined) await writeFile(join(directory, RUN_FILES[name as keyof RunTexts]), text);
  return readRunEvidence(directory);
}
const whole = wholeRun();

test("all files beside ledger and journal are read", async () => {
  const evidence = await read(whole);
  expect(evidence).toMatchObject({ run: { seed: 42 }, plan: { plan }, problems: [] });
  expect(evidence.status).toEqual(statusOf(ledgerRecords(), "done"));
  expect(journalRecords()[0]).toMatchObject({ plan_sha256: evidence.plan?.sha256 });
  expect(evidence.samples).toHaveLength(60);
  expect(evidence.samples[20]).toEqual({ at_ms: 1_700_000_025_500, attempted: 50 - 10, acknowledged: 30, faults: [1] });
});

test("a file that is not there says nothing", async () => {
  expect(await read({})).toEqual({ run: undefined, plan: undefined, status: undefined, samples: [], problems: [] });
});

test.each<[keyof RunTexts, string]>([
  ["run", "FL_CONFIG_INVALID"],
  ["plan", "FL_PLAN_INVALID"],
  ["producerStatus", "FL_CONFIG_INVALID"],
])("a file that is not what its name says is a problem with its code: %s", async (name, code) => {
  const evidence = await read({ ...whole, [name]: "{}" });
  expect(evidence.problems).toEqual([expect.stringMatching(new RegExp(`^${code}.*: .*${RUN_FILES[name]}`))]);
  expect(contradictions(evidence, ledgerRecords()[0] as LedgerOpen, journalRecords())).toEqual(evidence.problems);
});

test("a disk that can't be read is an error, not a missing file", async () => {
  await mkdir(join(directory, RUN_FILES.plan));
  await expect(read({})).rejects.toMatchObject({ code: "EISDIR" });
});

test("a line of the samples that can't be read is left out", async () => {
  const [first, second] = whole.samples.split("\n");
  expect((await read({ samples: `${first}\n{"version":1,"at\n${second}\n` })).samples).toHaveLength(2);
});

test.each<[string, RunTexts, string]>([
  ["run.json", { run: whole.run.replace('"seed":42', '"seed":43') }, "seed is 43, but in the ledger 42"],
  ["the plan", { plan: `${whole.plan} ` }, "is not the plan of the fault journal's last engine"],
  ["the samples", { samples: whole.samples.replaceAll('"faults":[1]', '"faults":[9]') }, "saw fault 9 active"],
])("what %s contradicts is told", async (_, texts, problem) => {
  const open = ledgerRecords()[0] as LedgerOpen;
  expect(contradictions(await read(whole), open, journalRecords())).toEqual([]);
  const found = contradictions(await read({ ...whole, ...texts }), open, journalRecords());
  expect(found.join("\n")).toContain(problem);
});

test("a journal of another run is told, even without any other file", async () => {
  const open = { ...(ledgerRecords()[0] as LedgerOpen), run: 7 };
  expect(contradictions(await read({}), open, journalRecords())).toEqual([
    "the fault journal is of run 1700000000, but the ledger is of run 7",
  ]);
});
