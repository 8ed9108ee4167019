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
  ["a typo in a key", "partitions: 6", "partitons: 6", /mine\.yaml:5: partitons: unknown key/],
  ["a bad value", "partitions: 6", "partitions: 0", /mine\.yaml:5: partitions: .* \(is 0\)/],
  [
    "an unknown type",
    "account_id, type: bigint",
    "account_id, type: bigin",
    /mine\.yaml:12: fields\.0\.type: .*"bigin"/,
  ],
  [
    "a generator that does not fit",
    "generate: now",
    "generate: { chance: 0.5 }",
    /mine\.yaml:16: fields\.4\.generate: generator "chance" does not fit type timestamp/,
  ],
  [
    "an unknown field in an aggregate",
    "groupBy: [type]",
    "groupBy: [typ]",
    /mine\.yaml:22: aggregates\.0\.groupBy\.0: no field "typ"/,
  ],
  ["a column named twice", "name: note", "name: currency", /fields\.5\.name: column "currency" is named twice/],
  [
    "a table named twice",
    "table: payments_per_account",
    "table: payments",
    /aggregates\.1\.table: table "payments" is named twice/,
  ],
  ["an empty range", "[100, 250000]", "[100, 1]", /fields\.2\.generate: \[100, 1\]: min is above max/],
  [
    "a bound that no bound is",
    "version: 1",
    "version: 1\nslo:\n  without_row_ms: 5",
    /mine\.yaml:4: slo\.without_row_ms: unknown key/,
  ],
  [
    "a bound of nothing",
    "version: 1",
    "version: 1\nslo: { calm_p99_ms: 0 }",
    /mine\.yaml:3: slo\.calm_p99_ms: .* \(is 0\)/,
  ],
  ["broken YAML", "fields:", "fields: [", /mine\.yaml:\d+: /],
])("%s gives line and field", (_name, from, to, expected) => {
  expect(payments).toContain(from);
  expect(problemOf(payments.replace(from, to))).toMatch(expected);
});

it("a version that this build does not know is refused with line and field, and nothing else is said", () => {
  expect(problemOf(payments.replace("version: 1", "version: 2\nshards: 7"))).toBe(
    "mine.yaml:2: version: not known to this build, which reads version 1 (is 2)",
  );
});

it("bounds are optional, each of them", () => {
  const slo = "slo: { without_rows_ms: 20000, turned_away_events: 0 }\n";
  expect(parsePipeline(slo + payments, "mine.yaml").slo).toEqual({ without_rows_ms: 20_000, turned_away_events: 0 });
  expect(parsePipeline(payments, "mine.yaml")).not.toHaveProperty("slo");
});

it("a file without a version is of version 1", () => {
  const old = payments.replace("version: 1\n", "");
  expect(old).not.toBe(payments);
  expect(parsePipeline(old, "mine.yaml")).toEqual(parsePipeline(payments, "mine.yaml"));
});

it("a sum over floats is refused, since its value depends on the order", () => {
  const sensors = readFileSync(new URL("../pipelines/sensors.yaml", import.meta.url), "utf8");
  expect(problemOf(sensors.replace("sums: { volts: volts_total }", "sums: { celsius: total }"))).toMatch(
    /aggregates\.0\.sums\.celsius: can't sum "celsius"/,
  );
});

it("window sizes", () => {
  expect(["30s", "1m", "2h", "1d"].map(windowSizeMs)).toEqual([30_000, 60_000, 7_200_000, 86_400_000]);
});
