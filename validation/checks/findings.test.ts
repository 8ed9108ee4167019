import { expect, test } from "vitest";
import { Bitmap } from "../histories/bitmap.ts";
import { Findings } from "./findings.ts";

function rangesOf(...sets: [number, number][]): string[] {
  const bitmap = new Bitmap();
  for (const [from, to] of sets) bitmap.setRange(from, to);
  const findings = new Findings("reorder");
  findings.add(5, [bitmap], (word) => bitmap.word(word));
  return findings.anomalies().flatMap(({ ranges }) => ranges);
}

test("ranges end where they end, also at the borders of words and before words without any", () => {
  expect(rangesOf([0, 1])).toEqual(["p5 #0"]);
  expect(rangesOf([0, 32], [160, 161])).toEqual(["p5 #0-31", "p5 #160"]);
  expect(rangesOf([0, 64])).toEqual(["p5 #0-63"]);
  expect(rangesOf([31, 33], [63, 64])).toEqual(["p5 #31-32", "p5 #63"]);
  expect(rangesOf([32, 64])).toEqual(["p5 #32-63"]);
  expect(rangesOf([5, 200], [201, 300])).toEqual(["p5 #5-199", "p5 #201-299"]);
  // So far apart that the words between are not even asked for; and one that ends with them.
  expect(rangesOf([0, 65_536], [1_048_576, 1_048_577])).toEqual(["p5 #0-65535", "p5 #1048576"]);
  expect(rangesOf([1_048_576, 2_097_152])).toEqual(["p5 #1048576-2097151"]);
  expect(rangesOf([0, 5], [96, 128], [1000, 1024])).toEqual(["p5 #0-4", "p5 #96-127", "p5 #1000-1023"]);
});

test("a range that ends with its word ends there, though the next word was asked for", () => {
  const [all, wanted] = [new Bitmap(), new Bitmap()];
  all.setRange(0, 96);
  wanted.setRange(0, 32);
  const findings = new Findings("reorder");
  findings.add(0, [all], (word) => wanted.word(word));
  expect(findings.anomalies()).toMatchObject([{ count: 32, ranges: ["p0 #0-31"], detail: "" }]);
});

test("the detail has each cause with its count, then at most five examples", () => {
  const findings = new Findings("corrupt");
  findings.addText("one");
  expect(findings.anomalies()).toMatchObject([{ count: 1, detail: "" }]);
  for (let number = 1; number <= 7; number++) findings.example(`example ${number}`);
  const examples = "example 1; example 2; example 3; example 4; example 5";
  expect(findings.anomalies()).toMatchObject([{ detail: examples }]);
  findings.addText("two", 2, "in the log");
  findings.addText("three", 3, "in the table");
  findings.addText("four", 4, "in the log");
  expect(findings.anomalies()).toMatchObject([{ count: 10, detail: `6 in the log, 3 in the table; ${examples}` }]);
});
