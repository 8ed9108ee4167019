import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { ERROR_CODES } from "./errors.ts";

it("docs/errors.md lists each code with its exit code, and no other", () => {
  const text = readFileSync(new URL("../docs/errors.md", import.meta.url), "utf8");
  const listed = [...text.matchAll(/^\| (FL_[A-Z_]+) \| (\d+) \|/gm)].map((match) => [match[1], Number(match[2])]);
  expect(Object.fromEntries(listed)).toEqual(ERROR_CODES);
  expect(listed).toHaveLength(Object.keys(ERROR_CODES).length);
});
