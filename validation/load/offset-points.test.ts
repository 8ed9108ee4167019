import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { encodeSample, type Sample, UNKNOWN_SAMPLE } from "../../contract/sample.ts";
import { readSamplePoints } from "./offset-points.ts";

const sample = (at_ms: number, next_offsets: number[] | null): Sample => ({ ...UNKNOWN_SAMPLE, at_ms, next_offsets });

test("what samples saw of sink_offsets, without what they did not see, damaged lines and a torn end", async () => {
  const file = join(mkdtempSync(join(tmpdir(), "faultline-points-")), "samples.ndjson");
  const late = { ...sample(3500, [3, 1]), answered_ms: { ...UNKNOWN_SAMPLE.answered_ms, sink: 3100 } };
  const lines = [sample(3000, [2, 1]), sample(2000, [1, 0]), late, sample(4000, null)].map(encodeSample);
  writeFileSync(file, `${lines.join("")}{"at_ms":\n${encodeSample(sample(5000, [9, 9])).trimEnd()}`);
  expect(await readSamplePoints(file)).toEqual([
    { sinceMs: 1000, atMs: 2000, nextOffsets: [1, 0] },
    { sinceMs: 2000, atMs: 3000, nextOffsets: [2, 1] },
    // Another source answered last.
    { sinceMs: 2500, atMs: 3100, nextOffsets: [3, 1] },
  ]);
  expect(await readSamplePoints(`${file}.absent`)).toEqual([]);
  expect(await readSamplePoints(undefined)).toEqual([]);
});

test("samples that are there and can't be read are an error, not as none", async () => {
  await expect(readSamplePoints(mkdtempSync(join(tmpdir(), "faultline-points-")))).rejects.toThrow("EISDIR");
});
