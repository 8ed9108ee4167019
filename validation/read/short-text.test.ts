import { expect, test } from "vitest";
import { shortText } from "./short-text.ts";

test("sixty characters are shown, of more the first 57", () => {
  expect(shortText("")).toBe("");
  expect(shortText("x".repeat(60))).toBe("x".repeat(60));
  expect(shortText("x".repeat(61))).toBe(`${"x".repeat(57)}...`);
});
