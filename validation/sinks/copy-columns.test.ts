import { expect, test } from "vitest";
import type { Field, FieldType, Pipeline } from "../../contract/pipeline.ts";
import { eventOf } from "../histories/event-values.ts";
import { compileCopyColumns } from "./copy-columns.ts";

const pipelineOf = (...types: FieldType[]) =>
  ({
    fields: types.map((type): Field => ({ name: "f", type, nullable: true, nulls: 0, generate: "now", scale: 2 })),
  }) as unknown as Pipeline;
const compile = (...types: FieldType[]) => compileCopyColumns(pipelineOf(...types))!;

/** Whether these columns spell an event with these JSON texts; they stand in the middle of other bytes. */
function isSame(types: FieldType[], jsons: string[], columns: string[], of = compile(...types)): boolean {
  const [before, line] = [Buffer.from("7\t12"), Buffer.from(columns.map((text) => `\t${text}`).join(""))];
  const bytes = Buffer.concat([before, line, Buffer.from("\n99\t")]);
  return of(eventOf(jsons), bytes, before.length, before.length + line.length);
}

test.each<[FieldType, string, string, string[]]>([
  ["int", "12", "12", ["13", "1", "123", "", "\\N", "-12"]],
  ["bigint", "-9007199254740991", "-9007199254740991", ["-9007199254740990", "9007199254740991"]],
  ["float", "0.5", "0.5", ["0.50", "5"]],
  ["boolean", "true", "t", ["f", "true", "", "\\N"]],
  ["boolean", "false", "f", ["t", "false", "", "\\N"]],
  ["decimal", '"12.34"', "12.34", ["12.3", '"12.34"', "12.345"]],
  ["date", '"2026-07-01"', "2026-07-01", ["2026-07-02", "2026-07-0"]],
  ["text", '"a b"', "a b", ["a", "a bc", "ab", '"a b"', ""]],
  ["text", '""', "", ["x", "\\N"]],
  ["text", '"é€😀"', "é€😀", ["é€", "e€😀"]],
  ["text", String.raw`"a\tb\\c\nd\"e"`, String.raw`a\tb\\c\nd"e`, [String.raw`a\tb\\c\nd\"e`, String.raw`a\tb`]],
  ["text", String.raw`"\u0001"`, "\u0001", [String.raw`\u0001`]],
  ["text", '"null"', "null", ["\\N"]],
  [
    "timestamp",
    '"2026-07-01T12:00:00.120Z"',
    "2026-07-01 12:00:00.12+00",
    ["2026-07-01 12:00:00.120+00", "2026-07-01"],
  ],
  ["binary", '"3q0="', String.raw`\\xdead`, [String.raw`\\xdeae`, String.raw`\xdead`, ""]],
  ["binary", '""', String.raw`\\x`, ["", "\\N"]],
])("%s %s is spelled %s, and in no other way", (type, json, text, others) => {
  expect(isSame([type], [json], [text])).toBe(true);
  for (const other of others) expect(isSame([type], [json], [other]), other).toBe(false);
  expect(isSame([type], ["null"], ["\\N"])).toBe(true);
  for (const other of [text, "null", "\\", "\\n"]) expect(isSame([type], ["null"], [other]), other).toBe(false);
});

const TYPES: FieldType[] = ["int", "text", "boolean"];
test.each<[string[], boolean]>([
  [["1", "a", "t"], true],
  [["1", "a"], false],
  [["1", "a", "t", "x"], false],
  [["1", "a", "t", ""], false],
  [["1", "at", ""], false],
  [["2", "a", "t"], false],
  [["1", "b", "t"], false],
  [["1", "a", "f"], false],
  [[], false],
])("the columns %j", (columns, same) => {
  expect(isSame(TYPES, ["1", '"a"', "true"], columns)).toBe(same);
});

test("columns are separated by tabs only", () => {
  const line = Buffer.from("\t1 a\tt");
  expect(compile(...TYPES)(eventOf(["1", '"a"', "true"]), line, 0, line.length)).toBe(false);
});

test("an empty column at the very beginning is no text, and no boolean", () => {
  for (const [type, json] of [
    ["boolean", "true"],
    ["text", '"a"'],
  ] as const)
    expect(compile(type)(eventOf([json]), Buffer.from("\t"), 0, 1)).toBe(false);
});

test("a value ends where it ends, whatever follows it in the event", () => {
  expect(isSame(["binary", "int"], ['"3q2t"', "1234"], [String.raw`\\xdeadad`, "1234"])).toBe(true);
});

test("bytes behind the line do not count", () => {
  const line = Buffer.from("\t12");
  const columns = compile("int");
  expect(columns(eventOf(["12"]), line, 0, 3)).toBe(true);
  expect(columns(eventOf(["12"]), line, 0, 2)).toBe(false);
  expect(columns(eventOf(["1"]), line, 0, 2)).toBe(true);
});

const at = (second: number) => [`"2026-07-01T12:00:0${second}.000Z"`];

test("a time that was spelled before is not taken for the next one", () => {
  const columns = compile("timestamp");
  for (const second of [1, 1, 2, 1]) {
    expect(isSame(["timestamp"], at(second), [`2026-07-01 12:00:0${second}+00`], columns)).toBe(true);
    expect(isSame(["timestamp"], at(second), [`2026-07-01 12:00:0${3 - second}+00`], columns)).toBe(false);
  }
  // A shorter one has other bytes, too.
  const binary = compile("binary");
  expect(isSame(["binary"], ['"3q0="'], [String.raw`\\xdead`], binary)).toBe(true);
  expect(isSame(["binary"], ['"3q2t"'], [String.raw`\\xdead`], binary)).toBe(false);
});

test("how jsonb spells a value can't be foretold", () => {
  expect(compileCopyColumns(pipelineOf("int", "json", "text"))).toBeUndefined();
});
