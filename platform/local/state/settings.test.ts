import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { testSettings } from "../fixture/settings.ts";
import { findPostgresHome, newClusterId, readSettings, writeSettings } from "./settings.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "fl-settings-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const SETTINGS = testSettings({ coordination: "zookeeper" });

it("keeps settings as they were written, with their version", () => {
  expect(readSettings(directory)).toBeUndefined();
  writeSettings(directory, SETTINGS);
  expect(readSettings(directory)).toEqual(SETTINGS);
  expect(readFileSync(join(directory, "settings.json"), "utf8")).toContain('"version": 3');
});

it("does not read settings of another version, but finds where their PostgreSQL lives", () => {
  const postgres = { dataDirectory: "/data", nativeDirectory: "/native", temporaryDirectory: "/var/tmp/faultline-1" };
  writeFileSync(join(directory, "settings.json"), JSON.stringify({ version: 1, runId: "r", postgres }));
  expect(() => readSettings(directory)).toThrow(
    expect.objectContaining({
      code: "FL_CONFIG_INVALID",
      message: expect.stringContaining("version 1 is not known") as unknown,
      remedy: expect.stringContaining("./faultline down --volumes") as unknown,
    }) as Error,
  );
  expect(findPostgresHome(directory)).toEqual({ data_directory: "/data", temporary_directory: "/var/tmp/faultline-1" });
  writeSettings(directory, SETTINGS);
  expect(findPostgresHome(directory)).toEqual({ data_directory: SETTINGS.postgres.data_directory });
  writeFileSync(join(directory, "settings.json"), "{");
  expect(findPostgresHome(directory)).toBeUndefined();
});

it("makes cluster ids that no command line takes for an option", () => {
  const ids = Array.from({ length: 2_000 }, () => newClusterId());
  expect(ids.filter((id) => !/^[A-Za-z0-9_][A-Za-z0-9_-]{21}$/.test(id))).toEqual([]);
});
