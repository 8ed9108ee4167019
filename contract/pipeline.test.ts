import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { FaultlineError } from "./errors.ts";
import { parsePipeline, windowSizeMs } from "./pipeline.ts";

const payments = readFileSync(new URL("../pipelines/payments.yaml", import.meta.url), "utf8");

function problemOf(text: string): string {
  try {
    parsePipeline(text, "mine.yaml");
  } catch (error) {
    expect(error).toBeInstanceOf(FaultlineError);
    return (error as FaultlineError).message;
  }
  throw new Error("was accepted");
}

it.each([
  ["a typo in a key", "partitions: 6", "partitons: 6", /mine\.yaml:4: partitons: unknown key/],
  ["a bad value", "partitions: 6", "partitions: 0", /mine\.yaml:4: partitions: .* \(is 0\)/],
  ["an unknown type", "account_id, type: bigint", "account_id, type: bigin", /mine\.yaml:11: fields\.0\.type: .*"bigin"/],
  [
    "a generator that does not fit",
    "generate: now",
    "generate: { chance: 0.5 }",
    /mine\.yaml:15: fields\.4\.generate: generator "chance" does not fit type timestamp/,
  ],
  ["an unknown field in an aggregate", "groupBy: [type]", "groupBy: [typ]", /mine\.yaml:21: aggregates\.0\.groupBy\.0: no field "typ"/],
  ["a column named twice", "name: note", "name: currency", /fields\.5\.name: column "currency" is named twice/],
  ["a table named twice", "table: payments_per_account", "table: payments", /aggregates\.1\.table: table "payments" is named twice/],
  ["an empty range", "[100, 250000]", "[100, 1]", /fields\.2\.generate: \[100, 1\]: min is above max/],
  ["broken YAML", "fields:", "fields: [", /mine\.yaml:\d+: /],
])("%s gives line and field", (_name, from, to, expected) => {
  expect(payments).toContain(from);
  expect(problemOf(payments.replace(from, to))).toMatch(expected);
});

it("a sum over floats is refused, since its value depends on the order", () => {
  const sensors = readFileSync(new URL("../pipelines/sensors.yaml", import.meta.url), "utf8");
  expect(problemOf(sensors.replace("sums: { volts: volts_total }", "sums: { celsius: total }"))).toMatch(/aggregates\.0\.sums\.celsius: can't sum "celsius"/);
});

it("window sizes", () => {
  expect(["30s", "1m", "2h", "1d"].map(windowSizeMs)).toEqual([30_000, 60_000, 7_200_000, 86_400_000]);
});
