import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { isProse, strykerPlugins } from "./prose.ts";
import { type Equivalent, mutantsOf, parseEquivalents, scoreOf, scoreTable, onlyKilled } from "./report.ts";

const SOURCE = 'const late = a > b;\nconst text = "no row came";\nconst kind = "late";\n';
const at = (line: number, from: number, to: number) => ({
  start: { line, column: from },
  end: { line, column: to },
});
const report = (...statuses: string[]) =>
  JSON.stringify({
    files: {
      "validation/checks/late.ts": {
        source: SOURCE,
        mutants: [
          { mutatorName: "EqualityOperator", replacement: "a >= b", status: statuses[0], location: at(1, 14, 19) },
          { mutatorName: "StringLiteral", replacement: '""', status: statuses[1], location: at(2, 14, 27) },
          { mutatorName: "StringLiteral", replacement: '""', status: statuses[2], location: at(3, 14, 20) },
        ],
      },
    },
  });
const entry: Equivalent = {
  file: "validation/checks/late.ts",
  mutator: "EqualityOperator",
  original: "a  >  b",
  replacement: "a >= b",
  reason: "both are never the same number",
};

test("has the mutants with their text, but not those that change only a text for people", () => {
  expect(mutantsOf(report("Killed", "Survived", "NoCoverage"))).toMatchObject([
    { line: 1, original: "a > b", replacement: "a >= b", state: "killed" },
    { line: 3, original: '"late"', state: "survived" },
  ]);
  expect(mutantsOf(report("Timeout", "Ignored", "RuntimeError"))).toMatchObject([{ line: 1, state: "late" }]);
});

test("a survivor counts unless it is listed; an entry that no longer survives is stale", () => {
  const mutants = mutantsOf(report("Survived", "Killed", "Survived"));
  expect(scoreOf("checks", mutants, [])).toMatchObject({ mutants: 2, killed: 0, equivalent: 0, stale: [] });
  expect(scoreOf("checks", mutants, []).survivors).toHaveLength(2);
  const listed = scoreOf("checks", mutants, [entry]);
  expect(listed).toMatchObject({ equivalent: 1, stale: [], survivors: [{ original: '"late"' }] });
  const late = mutantsOf(report("Timeout", "Killed", "Timeout"));
  expect(scoreOf("checks", late, [])).toMatchObject({ killed: 2, equivalent: 0, survivors: [] });
  expect(scoreOf("checks", late, [entry])).toMatchObject({ killed: 1, equivalent: 1, stale: [], survivors: [] });
  const other = { ...entry, replacement: "a <= b" };
  expect(scoreOf("checks", mutants, [other])).toMatchObject({ equivalent: 0, stale: [other] });
  const killed = mutantsOf(report("Killed", "Killed", "Killed"));
  expect(scoreOf("checks", killed, [entry])).toMatchObject({ killed: 2, stale: [entry], survivors: [] });
});

test("the table has the share of those that can be killed", () => {
  const scores = [
    {
      wing: "checks",
      mutants: 12,
      killed: 9,
      equivalent: 2,
      survivors: mutantsOf(report("Survived", "Ignored", "Ignored")),
    },
    { wing: "judge", mutants: 1, killed: 0, equivalent: 1, survivors: [] },
  ];
  const [head, checks, judge] = scoreTable(scores).split("\n");
  expect(head).toMatch(/^wing +mutants +killed +equivalent +survived +score$/);
  expect(checks).toMatch(/^checks +12 +9 +2 +\d +90\.0 %$/);
  expect(judge).toMatch(/^judge +1 +0 +1 +0 +100\.0 %$/);
});

test("texts for people are told from names and SQL", () => {
  for (const text of ["no row came", "p0: rows", ", ", " and ", "is $, but the log has $"])
    expect(isProse(text), text).toBe(true);
  for (const text of ["lost-sink", "next_offset", "SELECT a FROM b", "BEGIN ISOLATION LEVEL REPEATABLE READ", "\t", ""])
    expect(isProse(text), text).toBe(false);
});

test("Stryker makes no mutant of a text for people, unless something is decided in it", () => {
  const { shouldIgnore } = (strykerPlugins[0] as (typeof strykerPlugins)[0]).value;
  const quasis = [{ value: { raw: "rows is " } }, { value: { raw: ", not more" } }];
  const template = (type: string) => ({ node: { type: "TemplateLiteral", quasis, expressions: [{ type }] } });
  expect(shouldIgnore(template("Identifier"))).toBeDefined();
  expect(shouldIgnore(template("ConditionalExpression"))).toBeUndefined();
  expect(shouldIgnore({ node: { type: "StringLiteral", value: "no row came" } })).toBeDefined();
  expect(shouldIgnore({ node: { type: "StringLiteral", value: "late" } })).toBeUndefined();
  const [remedy, count] = ["remedy", "count"].map((name) => ({
    type: "ObjectExpression",
    properties: [{ key: { name } }],
  }));
  expect(shouldIgnore({ node: remedy as { type: string } })).toBeDefined();
  expect(shouldIgnore({ node: count as { type: string } })).toBeUndefined();
});

test("the list of equivalent mutants can be read, and each entry has a reason", () => {
  const text = readFileSync(new URL("../../validation/mutants.yaml", import.meta.url), "utf8");
  expect(() => parseEquivalents(text)).not.toThrow();
  expect(() => parseEquivalents(JSON.stringify([{ ...entry, reason: "so" }]))).toThrow("reason");
  expect(() => parseEquivalents(JSON.stringify([{ ...entry, line: 7 }]))).toThrow("line");
});

test("what is remembered of the last run are only killed mutants, so that the others are tried again", () => {
  expect(mutantsOf(onlyKilled(report("Killed", "Ignored", "Survived")))).toMatchObject([{ state: "killed" }]);
  expect(mutantsOf(onlyKilled(report("NoCoverage", "Ignored", "Timeout")))).toEqual([]);
  expect(JSON.parse(onlyKilled('{"files":{},"config":{"a":1}}'))).toEqual({ files: {}, config: { a: 1 } });
});
