import { closeSync, mkdtempSync, readFileSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { boundLog, logTail, openLog } from "./log-file.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "fl-log-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

it("bounds a log under its live writer, which goes on at its begin", () => {
  const path = join(directory, "deep/log");
  const writer = openLog(path);
  writeSync(writer, "a".repeat(1000));
  boundLog(path, 1000);
  expect(readFileSync(path, "utf8").length).toBe(1000);
  writeSync(writer, "b");
  boundLog(path, 1000);
  writeSync(writer, "c");
  closeSync(writer);
  expect(readFileSync(path, "utf8")).toBe("c");
  expect(readFileSync(`${path}.1`, "utf8")).toBe(`${"a".repeat(1000)}b`);
});

it("shows the last lines, or nothing", () => {
  const path = join(directory, "log");
  const writer = openLog(path);
  writeSync(writer, `${"x".repeat(20_000)}\nlast but one\nlast\n`);
  closeSync(writer);
  expect(logTail(path, 2)).toBe("last but one\nlast");
  expect(logTail(join(directory, "none"))).toBe("");
});
