import { expect, test } from "vitest";
import type { Field } from "../../contract/pipeline.ts";
import { compileColumn } from "./compare-column.ts";

const field = (type: Field["type"], scale?: number): Field => ({
  name: "f",
  type,
  nullable: true,
  nulls: 0,
  generate: "now",
  ...(scale !== undefined && { precision: 12, scale }),
});

test.each([
  ["float", 1e-7, "1e-07", "1e-06"],
  ["float", 0.1, "0.1", "0.10000000000000002"],
  ["float", 0, "0", "-0"],
  ["float", 16, "16", "0x10"],
  ["float", 100, "1e+02", " 1e+02"],
  ["decimal", "12.3400", "12.34", "12.3401"],
  ["decimal", "-0.0050", "-0.0050", "0.0050"],
  ["bigint", 9007199254740991, "9007199254740991", "9007199254740990"],
  ["boolean", false, "f", "t"],
  ["text", "a\tb\\N", "a\\tb\\\\N", "a\\tb\\N"],
  ["timestamp", "1969-12-31T23:59:59.120Z", "1969-12-31 23:59:59.12+00", "1969-12-31 23:59:59.012+00"],
  ["timestamp", "2026-01-01T00:00:00.000Z", "2026-01-01 00:00:00+00", "2026-01-01 00:00:00.000001+00"],
  ["date", "1969-06-01", "1969-06-01", "1969-06-02"],
  ["binary", "3q0=", "\\\\xdead", "\\\\xdeae"],
  ["binary", "", "\\\\x", "\\N"],
  [
    "json",
    { b: [1, { x: 2 }], aa: "\n" },
    '{"b": [1, {"x": 2}], "aa": "\\\\n"}',
    '{"b": [1, {"x": 3}], "aa": "\\\\n"}',
  ],
  ["json", { a: 1 }, '{"a": 1}', '{"a": 1.00000000000000000001}'],
  [
    "json",
    [9007199254740991, "1.00000000000000000001"],
    '[9007199254740991, "1.00000000000000000001"]',
    "[9007199254740991.4]",
  ],
] as const)("%s %j is %s and not %s", (type, expected, same, other) => {
  const compare = compileColumn(field(type, type === "decimal" ? 4 : undefined));
  expect(compare(expected, same)).toBe(true);
  expect(compare(expected, other)).toBe(false);
  expect(compare(expected, "\\N")).toBe(false);
  expect(compare(null, "\\N")).toBe(true);
  expect(compare(null, same)).toBe(false);
});

test.each([
  ["float", 0, "-0", false],
  ["float", -0, "-0", true],
  ["float", -0, "0", false],
  ["float", 5, "5", true],
  ["float", 5, "5.0", true],
  ["float", 1e21, "1e+21", true],
  ["float", 1.5e-7, "1.5e-07", true],
  ["float", 5, "", false],
  ["float", 0, "", false],
  ["float", 5, "5e0", false],
  ["float", 5, "x5", false],
  ["float", 5, "5x", false],
  ["float", 5, "NaN", false],
  ["float", -12.5, "-12.50", true],
  ["decimal", "12", "12.0000", true],
  ["decimal", "12", "12.00001", false],
  ["decimal", "x", "x", true],
  ["decimal", "x", "y", false],
  ["boolean", true, "t", true],
  ["boolean", true, "f", false],
  ["boolean", true, "true", false],
  ["int", 12, "12", true],
  ["int", 12, "12.0", false],
  ["text", "plain", "plain", true],
  ["text", "\\N", "\\\\N", true],
  ["text", "", "", true],
  ["binary", "", "", false],
  ["binary", "", "\\\\x", true],
  ["binary", "3q0=", "\\xdead", false],
  ["json", { a: 1 }, "{", false],
  ["json", { a: 1 }, "", false],
  ["json", "1234567890123456789", '"1234567890123456789"', true],
  ["json", 1234567890123456, "1234567890123456", true],
  ["json", 12345678901234567000, "12345678901234567890", false],
  ["json", [1, 2], "[2, 1]", false],
  ["json", { rounded: "1.00000000000000000001" }, "1.00000000000000000001", false],
] as const)("%s %j, as %s: %s", (type, expected, text, same) => {
  expect(compileColumn(field(type, type === "decimal" ? 4 : undefined))(expected, text)).toBe(same);
});

test("a value that an event does not have is null", () => {
  for (const type of ["int", "text", "json", "float", "binary"] as const) {
    expect(compileColumn(field(type))(undefined, "\\N")).toBe(true);
    expect(compileColumn(field(type))(undefined, "undefined")).toBe(false);
    expect(compileColumn(field(type))(null, "null")).toBe(false);
  }
});

test("a decimal without a scale is a whole number", () => {
  expect(compileColumn(field("decimal"))("12", "12.00")).toBe(true);
  expect(compileColumn(field("decimal"))("12.5", "12.50")).toBe(false);
});
