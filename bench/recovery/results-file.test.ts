import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { FIELD_DEFAULTS } from "../../platform/local/nodes/field-defaults.ts";
import { cellOf, resultsOf, roundOf } from "./fixture/cells.ts";
import { readResults, resumeResults, writeResults } from "./results-file.ts";

let directory: string;
let file: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "faultline-recovery-"));
  file = join(directory, "later/results.json");
});
afterEach(() => rmSync(directory, { recursive: true }));

const cells = [cellOf([roundOf(1, 500)])];
const before = { ...resultsOf(cells), field_defaults: FIELD_DEFAULTS };
const { settings } = before;

it("goes on with the cells that are there; --fresh does not", () => {
  expect(resumeResults(file, settings, false).cells).toEqual([]);
  writeResults(file, before);
  expect(readResults(file)).toEqual(before);
  expect(resumeResults(file, settings, false)).toEqual(before);
  expect(resumeResults(file, settings, true).cells).toEqual([]);
});

it("refuses cells that were measured with other settings, and says which", () => {
  writeResults(file, before);
  expect(() => resumeResults(file, { ...settings, events_per_second: 500 }, false)).toThrow(
    /measured with events_per_second 2000, not 500/,
  );
  expect(resumeResults(file, { ...settings, events_per_second: 500 }, true).settings.events_per_second).toBe(500);
  writeResults(file, { ...before, cells: [] });
  expect(resumeResults(file, { ...settings, events_per_second: 500 }, false).cells).toEqual([]);
});

it("refuses cells of another list of defaults, if a cell stands for the defaults", () => {
  const other = { ...before, field_defaults: { broker: { "x.ms": "1" } } };
  writeResults(file, other);
  expect(resumeResults(file, settings, false).field_defaults).toEqual(FIELD_DEFAULTS);
  writeResults(file, { ...other, cells: [cellOf([], { variant: "defaults" })] });
  expect(() => resumeResults(file, settings, false)).toThrow(/another list of defaults/);
});

it("names the member of a file that does not fit", () => {
  writeFileSync(join(directory, "bad.json"), JSON.stringify({ ...before, settings: {} }));
  expect(() => readResults(join(directory, "bad.json"))).toThrow(/bad\.json: settings\.pipeline/);
});
