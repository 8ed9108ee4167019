import { appendFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { encodeSample } from "../../contract/sample.ts";
import { sampleAt } from "../../report/fixture/recovery.ts";
import { readSamples } from "../../report/measure/samples.ts";
import { SampleLog } from "./sample-log.ts";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "faultline-samples-"));
});
afterEach(() => rm(directory, { recursive: true }));

test("samples come back as they were, even after a torn line", async () => {
  const path = join(directory, "samples.ndjson");
  const samples = [sampleAt(1, { next_offsets: [1, 2], faults: [3] }), sampleAt(2, { lag: 5 })] as const;
  await writeFile(path, encodeSample(samples[0]) + encodeSample(samples[1]).slice(0, 20));
  const log = await SampleLog.open(path);
  await log.append(samples[1]);
  await log.close();
  expect(await readSamples(path)).toEqual({ samples: [...samples], damaged: 1 });
  await appendFile(path, '{"at_ms": 3');
  expect(await readSamples(path)).toEqual({ samples: [...samples], damaged: 1 });
  expect((await readFile(path, "utf8")).split("\n")).toHaveLength(4);
});
