import { findChromium } from "./chromium.ts";
import { expect, test } from "vitest";
import { isSuite, SUITES } from "./test-suites.ts";

test("mutants is a suite that runs only if it is named", () => {
  expect(isSuite("mutants")).toBe(true);
  expect(SUITES).not.toContain("mutants");
  for (const suite of SUITES) expect(isSuite(suite)).toBe(true);
  expect(isSuite("mutant")).toBe(false);
});

test("page runs by default, with the Chromium that is named or on the PATH", () => {
  expect(SUITES).toContain("page");
  const node = process.execPath;
  expect(findChromium({ CHROMIUM_PATH: node, PATH: "" })).toBe(node);
  expect(findChromium({ CHROMIUM_PATH: "/nowhere/chromium", PATH: process.env["PATH"] })).toBeUndefined();
  expect(findChromium({ PATH: "/nowhere" })).toBeUndefined();
});
