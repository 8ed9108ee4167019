import { expect, test } from "vitest";
import { eventNumber } from "../../contract/event.ts";
import type { Field, FieldType, Pipeline } from "../../contract/pipeline.ts";
import { eventOf } from "../histories/event-values.ts";
import { CopyRow } from "./copy-rows.ts";

const pipelineOf = (types: Record<string, FieldType>) =>
  ({
    fields: Object.entries(types).map(([name, type]): Field => ({
      name,
      type,
      nullable: true,
      nulls: 0,
      generate: "now",
    })),
  }) as unknown as Pipeline;
const PLAIN = pipelineOf({ amount: "bigint", note: "text", rate: "float" });
const RUN = 70;

/** The row of a line that stands in the middle of others. */
function rowOf(line: string, pipeline = PLAIN, row = new CopyRow(pipeline, RUN)): CopyRow {
  const bytes = Buffer.from(`70\t1\n${line}\n70\t2\n`);
  return row.show(bytes, 5, 5 + Buffer.byteLength(line));
}
const place = ({ partition, sequence }: CopyRow) => [partition, sequence];
const NOBODY = [-1, -1];

test.each<[string, number[]]>([
  ["0", [0, 0]],
  ["5", [0, 5]],
  ["10", [0, 10]],
  [`${eventNumber(3, 7)}`, [3, 7]],
  ["999999999999999", [909, 543_930_351_615]],
  ["9007199254740991", [8191, 2 ** 40 - 1]],
  ["1000000000000000", [909, 543_930_351_616]],
  ["9007199254740992", NOBODY],
  ["99999999999999999999", NOBODY],
  ["1x2", NOBODY],
  ["00", NOBODY],
  ["01", NOBODY],
  ["-1", NOBODY],
  ["+1", NOBODY],
  ["1.0", NOBODY],
  ["1e3", NOBODY],
  ["1 ", NOBODY],
  ["/", NOBODY],
  [":", NOBODY],
  ["", NOBODY],
  ["\\N", NOBODY],
])("the event %s is at %j", (event, expected) => {
  expect(place(rowOf(`70\t${event}\t1\ta\t0.5`))).toEqual(expected);
  expect(place(rowOf(`70\t${event}`))).toEqual(expected);
});

test.each(["7\t1", "701\t1", "71\t1", "\\N\t1", "", "70", "70 1"])("a row of another run is nobody's: %j", (line) => {
  expect(place(rowOf(line))).toEqual(NOBODY);
});

test("one object shows one row after the other", () => {
  const row = new CopyRow(PLAIN, RUN);
  expect(place(row)).toEqual(NOBODY);
  expect(place(rowOf("70\t5", PLAIN, row))).toEqual([0, 5]);
  expect(place(rowOf("71\t5", PLAIN, row))).toEqual(NOBODY);
  expect(place(rowOf("70\tx", PLAIN, row))).toEqual(NOBODY);
});

test("run and event are told as they are written", () => {
  const row = rowOf("71\t007\ta");
  expect([row.line, row.run, row.event]).toEqual(["71\t007\ta", "71", "007"]);
  expect([rowOf("71").run, rowOf("71").event]).toEqual(["71", ""]);
});

const EVENT = ["12", '"a b"', "0.5"];
const difference = (columns: string, pipeline = PLAIN, jsons = EVENT, event = "5") =>
  rowOf(`70\t${event}${columns}`, pipeline).difference(eventOf(jsons));

test.each<[string, string | undefined]>([
  ["\t12\ta b\t0.5", undefined],
  // Another spelling of the same value.
  ["\t12\ta b\t5e-01", undefined],
  ["\t13\ta b\t0.5", "amount is 13, not 12"],
  ["\t12\ta c\t0.5", 'note is a c, not "a b"'],
  ["\t12\ta b\t0.6", "rate is 0.6, not 0.5"],
  ["\t\\N\ta b\t0.5", "amount is \\N, not 12"],
  ["\t12\ta b", "rate is missing, not 0.5"],
  ["\t12", 'note is missing, not "a b"'],
  ["", "amount is missing, not 12"],
  ["\t12\ta b\t0.5\tx", "6 columns"],
  ["\t12\ta b\t5e-01\t", "6 columns"],
])("the columns %j: %s", (columns, expected) => {
  expect(difference(columns)).toBe(expected);
});

test("a row with a long event number, or an odd one, is compared all the same", () => {
  for (const event of ["9007199254740991", "007", "é", "\\N"]) {
    expect(difference("\t12\ta b\t0.5", PLAIN, EVENT, event)).toBeUndefined();
    expect(difference("\t12\ta c\t0.5", PLAIN, EVENT, event)).toBe('note is a c, not "a b"');
  }
});

test("nothing but the run's fields is compared: of two rows each has its own", () => {
  const row = new CopyRow(PLAIN, RUN);
  expect(rowOf("70\t5\t12\ta b\t0.5", PLAIN, row).difference(eventOf(EVENT))).toBeUndefined();
  expect(rowOf("70\t123456\t12\ta b\t0.5", PLAIN, row).difference(eventOf(EVENT))).toBeUndefined();
});

test("a pipeline with jsonb is compared value by value", () => {
  const json = pipelineOf({ labels: "json" });
  expect(difference('\t{"a": 1, "bb": 2}', json, ['{"bb":2,"a":1}'])).toBeUndefined();
  expect(difference('\t{"a": 2}', json, ['{"a":1}'])).toBe('labels is {"a": 2}, not {"a":1}');
});

test("long values are cut short", () => {
  const [sixty, more] = ["x".repeat(60), "x".repeat(61)];
  const note = pipelineOf({ note: "text" });
  expect(difference(`\t${sixty}`, note, ['"y"'])).toBe(`note is ${sixty}, not "y"`);
  expect(difference(`\t${more}`, note, ['"y"'])).toBe(`note is ${"x".repeat(57)}..., not "y"`);
});
