import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { LinkConditions, totalDelay } from "./delay-files.ts";

let directory: string;
let conditions: LinkConditions;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "fl-link-conditions-"));
  conditions = new LinkConditions(directory, "kafka-2");
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const NOW = 1_000_000;
const condition = (tag: string, until_ms: number) => ({ tag, delay_ms: 100, jitter_ms: 10, until_ms });

it("keeps each tag's condition until its time is over, and forgets it when it is removed", () => {
  expect(conditions.all()).toEqual([]);
  conditions.write(condition("run/1 ..", NOW + 10));
  conditions.write(condition("run/2", NOW + 20));
  expect(conditions.all(NOW).map(({ tag }) => tag)).toEqual(["run/1 ..", "run/2"]);
  expect(conditions.all(NOW + 10).map(({ tag }) => tag)).toEqual(["run/2"]);
  conditions.remove("run/2");
  conditions.remove("run/2");
  expect(conditions.all(NOW)).toEqual([condition("run/1 ..", NOW + 10)]);
  expect(new LinkConditions(directory, "kafka-3").all(NOW)).toEqual([]);
});

it("sweeps what is over, and only that", () => {
  conditions.write(condition("old", Date.now() - 1));
  conditions.write(condition("new", Date.now() + 60_000));
  conditions.sweep();
  expect(readdirSync(join(directory, "links/kafka-2"))).toEqual(["new.json"]);
});

it("adds delays up, and ends each on its own time", () => {
  const both = [condition("a", NOW + 10), condition("b", NOW + 20)];
  expect(totalDelay(both, NOW)).toEqual({ delay_ms: 200, jitter_ms: 20 });
  expect(totalDelay(both, NOW + 15)).toEqual({ delay_ms: 100, jitter_ms: 10 });
  expect(totalDelay(both, NOW + 20)).toEqual({ delay_ms: 0, jitter_ms: 0 });
});

it("lists a damaged file under its tag, without a delay, so that it can be lifted", () => {
  conditions.write(condition("a/b", Date.now() + 60_000));
  writeFileSync(join(directory, "links/kafka-2/a%2Fb.json"), '{"tag":"a/b","del');
  expect(conditions.all()).toMatchObject([{ tag: "a/b", delay_ms: 0 }]);
  conditions.remove("a/b");
  expect(conditions.all()).toEqual([]);
});
