import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { encodeLog } from "../contract/log-line.ts";
import { RUN_FILES } from "../contract/run.ts";
import { encodeSample } from "../contract/sample.ts";
import { waitUntil } from "../machine/clock.ts";
import { fault, sampleAt } from "../report/fixture/recovery.ts";
import { followRun } from "./run-follower.ts";

let runDirectory: string;
let follower: ReturnType<typeof followRun> | undefined;
const seen: string[] = [];
beforeEach(() => {
  runDirectory = mkdtempSync(join(tmpdir(), "faultline-follow-"));
  seen.length = 0;
});
afterEach(async () => {
  await follower?.stop();
  rmSync(runDirectory, { recursive: true });
});

const file = (name: "samples" | "journal"): string => join(runDirectory, RUN_FILES[name]);
const sample = (atMs: number): string => encodeSample(sampleAt(atMs, {}));

/** Each sample as "time [active faults] lines of the journal". */
function follow(sinceMs: number): void {
  follower = followRun({
    runDirectory,
    sinceMs,
    everyMs: 5,
    onSample: ({ at_ms }, { active, records }) =>
      seen.push(`${at_ms} [${active.map(({ id }) => id).join()}] ${records.map(({ t }) => t).join()}`.trim()),
  });
}

/** What was seen when there are so many samples, or after 5 s. */
async function seenOf(count: number): Promise<string[]> {
  await waitUntil(5_000, () => seen.length >= count, { everyMs: 5 });
  return seen;
}

it("gives samples as they come, each once and only when it is whole, from a file that is not there yet", async () => {
  follow(0);
  appendFileSync(file("samples"), sample(1_000) + sample(2_000).slice(0, 30));
  expect(await seenOf(1)).toEqual(["1000 []"]);
  // A monitor that starts again ends the torn line.
  appendFileSync(file("samples"), `\n${sample(3_000)}${sample(4_000)}`);
  expect(await seenOf(3)).toEqual(["1000 []", "3000 []", "4000 []"]);
});

it("gives the lines of the fault journal with the next sample, once, and says which faults are active", async () => {
  follow(0);
  const lines = encodeLog(fault({ id: 4, plannedMs: 1, activeMs: 2, healedMs: 3, recoveredMs: 4 })).split(/(?<=\n)/);
  writeFileSync(file("journal"), lines.slice(0, 2).join(""));
  appendFileSync(file("samples"), sample(1_000));
  expect(await seenOf(1)).toEqual(["1000 [4] planned,active"]);
  appendFileSync(file("journal"), lines[2] as string);
  appendFileSync(file("samples"), sample(2_000));
  expect(await seenOf(2)).toEqual(["1000 [4] planned,active", "2000 [] healed"]);
  appendFileSync(file("journal"), lines[3] as string);
  appendFileSync(file("samples"), sample(3_000));
  expect(await seenOf(3)).toEqual(["1000 [4] planned,active", "2000 [] healed", "3000 [] recovered"]);
});

it("passes over what was there before, but knows which faults are still active", async () => {
  writeFileSync(file("journal"), encodeLog(fault({ id: 7, plannedMs: 1, activeMs: 2 })));
  writeFileSync(file("samples"), sample(1_000) + sample(2_000));
  follow(2_000);
  expect(await seenOf(1)).toEqual(["2000 [7]"]);
});
