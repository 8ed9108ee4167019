import { expect, test } from "vitest";
import type { Field, FieldType, Pipeline } from "../../contract/pipeline.ts";
import { DeadLetterReason } from "./dead-letter-reason.ts";

/** A field of each type that may be null, and one of each that may not, in front of a text that must be there. */
const TYPES: FieldType[] = [
  "int",
  "bigint",
  "float",
  "decimal",
  "boolean",
  "text",
  "timestamp",
  "date",
  "binary",
  "json",
];
const fields = [...TYPES.map((type) => ({ name: `a_${type}`, type, nullable: true })), { name: "last", type: "text" }];
const pipeline = { identity: { run: "run_id", event: "event_id" }, fields } as unknown as Pipeline & {
  fields: Field[];
};
const reasons = new DeadLetterReason(pipeline);

const good = { run_id: 1, event_id: 2, last: "n" };
const text = (json: string) => Buffer.from(json);
const changed = (change: object) => text(JSON.stringify({ ...good, ...change }));
/** For such a value any reason will do that the sink's own rules, or PostgreSQL, may give. */
const STORABLE = changed({});
const BROKEN = text('{"run_id":1,"no');

/** A value, and the one reason that the sink has for it. */
test.each<[string, Buffer | null, string]>([
  ["no value", null, "value is null"],
  ["an empty value", text(""), "value is empty"],
  ["no UTF-8", Buffer.from([0x7b, 0xff]), "value is not UTF-8"],
  ["an array", text("[1]"), "value is not a JSON object"],
  ["a number", text("1"), "value is not a JSON object"],
  ["a text", text('"a"'), "value is not a JSON object"],
  ["null", text("null"), "value is not a JSON object"],
  ["a run that is a text", changed({ run_id: "1" }), "run_id is not of type int"],
  ["an event that is a text", changed({ event_id: "2" }), "event_id is not of type bigint"],
  ["a run that is null", changed({ run_id: null }), "null in run_id"],
  ["an event that is null", changed({ event_id: null }), "null in event_id"],
  ["a field that is null", changed({ last: null }), "null in last"],
  ["no member", text("{}"), "missing member run_id"],
  ["no event", text('{"run_id":1,"last":"n"}'), "missing member event_id"],
  ["no last field", text('{"run_id":1,"event_id":2}'), "missing member last"],
  ["a fault before a missing member", text('{"last":3}'), "last is not of type text"],
  ["the first of two faults", text('{"event_id":"2","run_id":"1"}'), "event_id is not of type bigint"],
  ["a null that may be, before a fault", text('{"a_text":null,"last":3}'), "last is not of type text"],
  ["a member that no column has, before a fault", text('{"x":null,"y":1,"last":3}'), "last is not of type text"],
])("%s has one reason", (_name, value, right) => {
  expect(reasons.problem(value, right)).toBeUndefined();
  for (const wrong of [`${right}.`, ` ${right}`, "", "not JSON: x", "PostgreSQL 22003: x"])
    expect(reasons.problem(value, wrong)).toBe(`the reason is "${wrong}", not "${right}"`);
  expect(reasons.problem(value, null)).toBe(`the reason is null, not "${right}"`);
});

/** Which values JSON has for a type; "1" stands for any text. */
test.each<[FieldType, unknown[], unknown[]]>([
  ["int", [1], ["1", true, [], {}]],
  ["bigint", [1], ["1", true, [], {}]],
  ["float", [1.5], ["1", true, [], {}]],
  ["decimal", [1.5, "1", true], []],
  ["boolean", [true, false], ["1", 1, [], {}]],
  ["text", ["1"], [1, true, [], {}]],
  ["timestamp", ["1"], [1, true, [], {}]],
  ["date", ["1"], [1, true, [], {}]],
  ["binary", ["1"], [1, true, [], {}]],
  ["json", [1, "1", true, [], {}], []],
])("a value of another type than %s has a reason that names member and type", (type, fitting, wrong) => {
  const right = `a_${type} is not of type ${type}`;
  for (const value of wrong) {
    const bytes = changed({ [`a_${type}`]: value });
    expect(reasons.problem(bytes, right), JSON.stringify(value)).toBeUndefined();
    expect(reasons.problem(bytes, "last is out of range"), JSON.stringify(value)).toBe(
      `the reason is "last is out of range", not "${right}"`,
    );
  }
  for (const value of [null, ...fitting])
    expect(reasons.problem(changed({ [`a_${type}`]: value }), "last is out of range")).toBeUndefined();
});

/** Reasons that are in the words of a JSON parser, the sink's rules or PostgreSQL. */
test.each<[string, Buffer, string[], string[]]>([
  [
    "a value that is cut off",
    BROKEN,
    [
      "not JSON: Unexpected end-of-input",
      "not JSON: \n",
      "something follows the JSON object",
      "value is not a JSON object",
    ],
    [
      "",
      "not JSON: ",
      "so not JSON: x",
      "and something follows the JSON object",
      "something follows the JSON object there",
      "a value is not a JSON object",
      "value is not a JSON object at all",
      "value is empty",
      "null",
    ],
  ],
  [
    "a value that only the sink or PostgreSQL refuses",
    STORABLE,
    [
      "a_int is out of range",
      "a_decimal is not a decimal",
      "a_binary is not base64",
      "a_decimal has more than 2 digits after the decimal point",
      "a_decimal has more than 12 digits after the decimal point",
      "a_date: not a date",
      "a_timestamp: not a timestamp",
      "a_timestamp: timestamp finer than a microsecond",
      "a_int is not of type int",
      "duplicate member last",
      "duplicate member \n",
      "text has the character U+0000, which PostgreSQL can't store",
      "text has half a surrogate pair, which is no character",
      "PostgreSQL 22003: integer out of range",
      "PostgreSQL 23505: \nx",
      "PostgreSQL 54000: x",
      "PostgreSQL P0001: x",
    ],
    [
      "",
      "null",
      "value is empty",
      "is out of range",
      "a_int is out of range.",
      "a_decimal is not a decimal.",
      "a_binary is not base64.",
      "a_decimal has more than x digits after the decimal point",
      "a_decimal has more than 2 digits after the decimal point.",
      "a_date: not a date.",
      "a_date not a date",
      "a_int is not of type",
      "a_int is not of type int.",
      "a_int is not of type !!!",
      "a duplicate member last",
      "duplicate member ",
      "a text has half a surrogate pair, which is no character",
      "text has half a surrogate pair, which is no character.",
      "PostgreSQL 08006: connection lost",
      "PostgreSQL 57P01: terminated",
      "PostgreSQL 2200: x",
      "PostgreSQL 22!!!: x",
      "PostgreSQL 22003: ",
      "by PostgreSQL 22003: x",
    ],
  ],
])("%s has a reason of some forms", (_name, value, right, wrong) => {
  for (const reason of right) expect(reasons.problem(value, reason), reason).toBeUndefined();
  for (const reason of wrong)
    expect(reasons.problem(value, reason)).toBe(
      `the reason is "${reason}", not one that the sink gives for such a value`,
    );
  expect(reasons.problem(value, null)).toBe("the reason is null, not one that the sink gives for such a value");
});

test("of a long reason only the beginning is shown", () => {
  const shown = "x".repeat(80);
  expect(reasons.problem(null, `${shown}yz`)).toBe(`the reason is "${shown}", not "value is null"`);
});
