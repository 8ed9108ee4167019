import { expect, test } from "vitest";
import { isSuite, SUITES } from "./test-suites.ts";

test("mutants is a suite that runs only if it is named", () => {
  expect(isSuite("mutants")).toBe(true);
  expect(SUITES).not.toContain("mutants");
  for (const suite of SUITES) expect(isSuite(suite)).toBe(true);
  expect(isSuite("mutant")).toBe(false);
});
