import { expect, test } from "vitest";
import type { Field, FieldType, Pipeline } from "../../contract/pipeline.ts";
import { parseRecord } from "./parse-record.ts";

/** A pipeline with one field of this type. */
function pipelineOf(type: FieldType, nullable = false): Pipeline {
  const field = { name: "f", type, nullable } as Field;
  return { identity: { run: "run_id", event: "event_id" }, fields: [field] } as unknown as Pipeline;
}
const textOf = (type: FieldType, json: string, nullable = false) =>
  parseRecord(pipelineOf(type, nullable), Buffer.from(`{"run_id":9,"event_id":1,"f":${json}}`))?.texts[0];

/** What PostgreSQL can store in a column of the type, and what makes the record a dead letter. */
const VALUES: Record<FieldType, { good: string[]; bad: string[] }> = {
  int: { good: ["0", "2147483647", "-2147483648"], bad: ["2147483648", "-2147483649", "1.5", '"1"', "true", "[]"] },
  bigint: { good: ["0", "9007199254740991", "-5"], bad: ["1e30", "-1e30", "1.5", '"1"', "true"] },
  float: { good: ["1.5", "-2", "0"], bad: ['"1.5"', "true", "{}"] },
  decimal: {
    good: ["1.5", '"12"', '"-12.50"', '"0.5"'],
    bad: ['""', '"1."', '".5"', '"1.5 "', '" 1.5"', '"1,5"', '"--1"', "true", '"1.5x"', '"x1.5"', '["1.5"]'],
  },
  boolean: { good: ["true", "false"], bad: ["0", '"true"'] },
  text: { good: ['""', '"a\\u0001b"', '"ä"'], bad: ['"a\\u0000b"', "1", "true", "[]"] },
  timestamp: {
    good: ['"2026-01-01T00:00:00.000Z"'],
    bad: ['"soon"', '""', "1767225600000", '["2026-01-01T00:00:00.000Z"]'],
  },
  date: {
    good: ['"2026-01-31"'],
    bad: [
      '"2026-13-01"',
      '"2026-1-1"',
      '"2026-01-01T00:00:00Z"',
      '"x2026-01-01"',
      '"02026-01-01"',
      "20260101",
      '["2026-01-31"]',
    ],
  },
  binary: {
    good: ['""', '"QUJD"', '"QUI="', '"QQ=="'],
    bad: ['"QUJ"', '"QQ="', '"Q==="', '"QUJD!"', '"!QUJD"', '"QQ==QUJD"', "1", '["QUJD"]', "[]"],
  },
  json: { good: ["1", '"a"', "[1,2]", '{"a":{}}', "true"], bad: [] },
};

test.each(Object.entries(VALUES) as [FieldType, { good: string[]; bad: string[] }][])("%s", (type, { good, bad }) => {
  for (const json of good) expect(textOf(type, json), json).toBe(JSON.stringify(JSON.parse(json)));
  for (const json of bad) expect(textOf(type, json), json).toBeUndefined();
  expect(textOf(type, "null")).toBeUndefined();
  expect(textOf(type, "null", true)).toBe("null");
});

test("a member that is missing is as null", () => {
  const value = Buffer.from('{"run_id":9,"event_id":1}');
  expect(parseRecord(pipelineOf("int"), value)).toBeUndefined();
  expect(parseRecord(pipelineOf("int", true), value)).toEqual({ run: "9", event: "1", texts: ["null"] });
});

test("a record with one field that fits and one that does not is malformed", () => {
  const [first] = pipelineOf("int").fields as [Field];
  const pipeline = { ...pipelineOf("int"), fields: [first, { ...first, name: "g" }] };
  const parsed = (f: string, g: string) =>
    parseRecord(pipeline, Buffer.from(`{"run_id":9,"event_id":1,"f":${f},"g":${g}}`));
  expect(parsed("1", "2")?.texts).toEqual(["1", "2"]);
  expect(parsed("1", '"2"')).toBeUndefined();
  expect(parsed('"1"', "2")).toBeUndefined();
});

test("what is no object of JSON in UTF-8 is malformed", () => {
  const pipeline = pipelineOf("int", true);
  expect(parseRecord(pipeline, null)).toBeUndefined();
  for (const text of ["", "{", "null", "[]", "9", '"a"', '\uFEFF{"run_id":9,"event_id":1}'])
    expect(parseRecord(pipeline, Buffer.from(text)), text).toBeUndefined();
  const value = Buffer.from('{"run_id":9,"event_id":1,"x":"\u00e4"}', "latin1");
  expect(parseRecord(pipeline, value)).toBeUndefined();
  for (const run of ['"9"', "2147483648", "1.5", "null"])
    expect(parseRecord(pipeline, Buffer.from(`{"run_id":${run},"event_id":1}`)), run).toBeUndefined();
});
