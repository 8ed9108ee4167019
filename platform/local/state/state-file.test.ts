import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { z } from "zod";
import { stateFile } from "./state-file.ts";

const directory = mkdtempSync(join(tmpdir(), "fl-state-file-"));
afterAll(() => rmSync(directory, { recursive: true }));
const file = stateFile(1, z.strictObject({ count: z.int() }));

test("a text that is the same is parsed once; another one is read, a damaged one refused, a removed one gone", () => {
  const path = join(directory, "one.json");
  expect(file.read(path)).toBeUndefined();
  file.write(path, { count: 1 });
  const first = file.read(path);
  expect(first).toEqual({ count: 1 });
  expect(file.read(path)).toBe(first);
  file.write(path, { count: 2 });
  expect(file.read(path)).toEqual({ count: 2 });
  writeFileSync(path, "{");
  expect(() => file.read(path)).toThrowError(expect.objectContaining({ code: "FL_CONFIG_INVALID" }));
  rmSync(path);
  expect(file.read(path)).toBeUndefined();
});

test("nobody can change what others are given", () => {
  const path = join(directory, "two.json");
  file.write(path, { count: 1 });
  const value = file.read(path) ?? { count: 0 };
  expect(() => {
    value.count = 2;
  }).toThrowError(TypeError);
});
