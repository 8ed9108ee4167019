import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { driverStatusSchema } from "./job.ts";
import { JOURNAL_VERSION } from "./journal.ts";
import { planSchema } from "./plan.ts";
import { producerStatusSchema, quiesceSchema, RUN_FILES, runSchema } from "./run.ts";
import { sampleSchema } from "./sample.ts";
import { verdictSchema } from "./verdict.ts";

const page = readFileSync(new URL("../docs/formats.md", import.meta.url), "utf8");
const section = page.slice(page.indexOf("## The run directory"), page.indexOf("## The state directory"));
const rows = new Map([...section.matchAll(/^\| `([^`]+)` \|(.*)\|$/gm)].map(([, name, cells]) => [name, cells]));

it("docs/formats.md has a row for each file of a run directory, and for no other", () => {
  expect(new Set(rows.keys())).toEqual(new Set(Object.values(RUN_FILES)));
});

it.each([
  [RUN_FILES.run, runSchema],
  [RUN_FILES.plan, planSchema],
  [RUN_FILES.samples, sampleSchema],
  [RUN_FILES.producerStatus, producerStatusSchema],
  [RUN_FILES.quiesce, quiesceSchema],
  [RUN_FILES.verdict, verdictSchema],
  [RUN_FILES.driverStatus, driverStatusSchema],
])("docs/formats.md has the version of %s", (name, schema) => {
  expect(rows.get(name)).toMatch(new RegExp(` ${schema.shape.version.value}, (?:member|in each)`));
});

it("docs/formats.md has the journal's version", () => {
  expect(rows.get(RUN_FILES.journal)).toContain(` ${JOURNAL_VERSION}, in each`);
});
