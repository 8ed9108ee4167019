import { expect, test } from "vitest";
import { parseNumbers } from "./exact-json.ts";

test("each number is shown as it is written, with its name and its holder", () => {
  const seen: unknown[] = [];
  const parsed = parseNumbers(
    '{"a": 1.50, "b": [12345678901234567890, "7", true, null]}',
    (value, source, key, holder) => {
      seen.push([value, source, key, Array.isArray(holder)]);
      return source;
    },
  );
  expect(seen).toEqual([
    [1.5, "1.50", "a", false],
    [12345678901234567000, "12345678901234567890", "0", true],
  ]);
  expect(parsed).toEqual({ a: "1.50", b: ["12345678901234567890", "7", true, null] });
});

test("what is no JSON is an error", () => {
  expect(() => parseNumbers("{", String)).toThrow(SyntaxError);
});
