import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { readSettings, writeSettings } from "./settings.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "fl-settings-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

it("takes data of before there was a choice of coordination for what they are: KRaft's", () => {
  writeFileSync(join(directory, "settings.json"), JSON.stringify({ version: 1, runId: "r" }));
  const settings = readSettings(directory);
  expect(settings).toMatchObject({ runId: "r", coordination: "kraft" });
  if (settings === undefined) return;
  writeSettings(directory, { ...settings, coordination: "zookeeper" });
  expect(readSettings(directory)?.coordination).toBe("zookeeper");
  expect(readFileSync(join(directory, "settings.json"), "utf8")).toContain('"coordination": "zookeeper"');
});

it("does not read settings of another version", () => {
  writeFileSync(join(directory, "settings.json"), JSON.stringify({ version: 2, coordination: "kraft" }));
  expect(() => readSettings(directory)).toThrow(/version 2 is not known/);
  expect(readSettings(join(directory, "none"))).toBeUndefined();
});
