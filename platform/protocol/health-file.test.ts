import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { type Health, partitionHealth } from "../../contract/health.ts";
import { readHealth } from "./health-file.ts";

const directory = mkdtempSync(join(tmpdir(), "faultline-health-"));
const file = join(directory, "health.json");
afterAll(() => rmSync(directory, { recursive: true }));

const figures = { partition: 0, nextOffset: 5, logEnd: 5, unstoredAgeMs: 0, movedMs: 1_000 };
const health: Health = { version: 1, at_ms: 100_000, partitions: [partitionHealth(figures, 100_000)] };

it("reads what is fresh, and says why anything else is not known", () => {
  expect(readHealth(file, 100_000)).toEqual({ unknown: expect.stringContaining("there is no health.json") });
  writeFileSync(file, JSON.stringify(health));
  expect(readHealth(file, 105_000)).toEqual({ health });
  expect(readHealth(file, 117_400)).toEqual({ unknown: "health.json is 17 s old: the monitor does not write it" });
  for (const text of ["", '{"version":1', JSON.stringify({ ...health, version: 2 })]) {
    writeFileSync(file, text);
    expect(readHealth(file, 100_000)).toEqual({ unknown: expect.stringContaining("does not know") });
  }
});
