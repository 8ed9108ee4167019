import fc from "fast-check";
import { expect, it } from "vitest";
import { encodeLog, LogReader, LogWriter } from "./log-line.ts";

type Line = Record<string, unknown>;
const record = fc.dictionary(
  fc.string().filter((key) => key !== "__proto__" && key !== "crc"),
  fc.jsonValue(),
  { minKeys: 1 },
);
const MISFIT = "its checksum does not fit: it was changed, or lines before it were removed, added or exchanged";
const acks = Array.from({ length: 6 }, (_, s): Line => ({ t: "ack", p: 3, s, n: 100, o: 4711, at_ms: 1 }));
const lines = encodeLog(acks).split("\n").slice(0, -1);

function read(some: readonly string[]): (Line | string)[] {
  const reader = new LogReader<Line>(1, (value) => value as Line);
  return some.map((line) => reader.read(line));
}
/** Numbers, from 0, of the lines that can't be read. */
function misfits(some: readonly string[]): number[] {
  return read(some).flatMap((found, at) => (typeof found === "string" ? [at] : []));
}

it("a log gives its records back", () => {
  fc.assert(
    fc.property(fc.array(record), (values) => {
      const text = encodeLog(values).split("\n").slice(0, -1);
      expect(read(text)).toEqual(JSON.parse(JSON.stringify(values)));
    }),
  );
});

it("a writer goes on where a reader has ended", () => {
  const reader = new LogReader<Line>(1, (value) => value as Line);
  for (const line of lines.slice(0, 3)) reader.read(line);
  const writer = new LogWriter<Line>(reader.crc);
  expect(acks.slice(3).map((ack) => writer.encode(ack).trimEnd())).toEqual(lines.slice(3));
});

it("a line with any byte changed, or cut anywhere, is one problem, and the lines behind it are read", () => {
  const line = lines[2] as string;
  for (let index = 0; index < line.length; index++) {
    const changed = line.slice(0, index) + String.fromCharCode(line.charCodeAt(index) ^ 1) + line.slice(index + 1);
    expect(misfits(lines.with(2, changed)), changed).toEqual([2]);
    // Of a line without a checksum nobody knows what was chained to it: the next one is lost too.
    expect(misfits(lines.with(2, line.slice(0, index))), line.slice(0, index)).toEqual([2, 3]);
  }
});

it.each([
  ["removed", lines.toSpliced(2, 1), [2]],
  ["repeated", lines.toSpliced(2, 0, lines[2] as string), [3]],
  ["exchanged with the next", lines.with(2, lines[3] as string).with(3, lines[2] as string), [2, 3, 4]],
  ["moved to the end", [...lines.toSpliced(2, 1), lines[2] as string], [2, 5]],
  ["replaced by a line of another log", lines.with(2, encodeLog([{ t: "ack" }]).trimEnd()), [2, 3]],
  ["changed, with a checksum that fits again", lines.with(2, changedAlone(2)), [3]],
])("a line that was %s is noticed, and the log is read on behind it", (_, some, where) => {
  expect(misfits(some)).toEqual(where);
  expect(read(some)[where[0] as number]).toBe(MISFIT);
});

function changedAlone(at: number): string {
  const writer = new LogWriter<Line>();
  for (const ack of acks.slice(0, at)) writer.encode(ack);
  return writer.encode({ ...acks[at], o: 1 }).trimEnd();
}
