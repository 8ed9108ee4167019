import { expect, test } from "vitest";
import { eventNumber } from "../../contract/event.ts";
import { Strays } from "./strays.ts";

const NOTHING = { records: 0, above: 0, due: false, rows: 0, letters: 0 };

test("an event of a number is one stray, however it is named", () => {
  const strays = new Strays();
  const stray = strays.of(8, 2, 77);
  expect(stray).toEqual({ run: "8", partition: 2, sequence: 77, ...NOTHING });
  expect(strays.named("8", `${eventNumber(2, 77)}`)).toBe(stray);
  expect(strays.of("8", 2, 77)).toBe(stray);
  expect(strays.events.size).toBe(1);
});

test.each([
  ["another run", "9", `${eventNumber(2, 77)}`],
  ["another spelling of the run", "08", `${eventNumber(2, 77)}`],
  ["another sequence", "8", `${eventNumber(2, 78)}`],
  ["another partition", "8", `${eventNumber(3, 77)}`],
  ["another spelling", "8", `0${eventNumber(2, 77)}`],
  ["a negative number", "8", "-1"],
  ["a number that would be rounded", "8", "9007199254740993"],
  ["the number that it would be rounded to", "8", "9007199254740992"],
  ["a text", "8", "x"],
  ["null", "8", "\\N"],
])("%s is another stray", (_name, run, event) => {
  const strays = new Strays();
  const names: [string, string][] = [
    ["8", `${eventNumber(2, 77)}`],
    ["8", "9007199254740995"],
    ["8", ""],
    [run, event],
  ];
  expect(new Set(names.map((name) => strays.named(...name))).size).toBe(4);
});

test("a name that is no event's keeps its text, and has no place", () => {
  const stray = new Strays().named("8", "-5");
  expect(stray).toEqual({ run: "8", partition: Number.NaN, sequence: Number.NaN, text: "-5", ...NOTHING });
});

test("100,000 are told apart; what is seen of others is counted", () => {
  const strays = new Strays();
  for (let sequence = 0; sequence < 100_000; sequence++) strays.of(8, 0, sequence);
  expect(strays.overflow).toBe(0);
  expect(strays.of(8, 0, 100_000)).toBeUndefined();
  expect(strays.named("8", "x")).toBeUndefined();
  expect(strays.of(8, 0, 99_999)).toBeDefined();
  expect([strays.events.size, strays.overflow]).toEqual([100_000, 2]);
  const other = new Strays();
  other.of(8, 1, 0);
  other.of(8, 0, 5);
  strays.merge(other);
  expect([strays.events.size, strays.overflow]).toEqual([100_000, 3]);
});

test("what was seen of a stray elsewhere adds up", () => {
  const strays = new Strays();
  Object.assign(strays.of(8, 0, 1) as object, { records: 1, above: 2, rows: 3, letters: 4 });
  Object.assign(strays.of(8, 0, 3) as object, { due: true });
  const other = new Strays();
  Object.assign(other.of(8, 0, 1) as object, { records: 10, above: 20, rows: 30, letters: 40, due: true });
  other.of(8, 0, 3);
  Object.assign(other.named("8", "x") as object, { rows: 5 });
  other.overflow = 6;
  strays.merge({ events: structuredClone([...other.events]), overflow: other.overflow });
  expect(strays.of(8, 0, 1)).toMatchObject({ records: 11, above: 22, rows: 33, letters: 44, due: true });
  expect(strays.of(8, 0, 3)).toMatchObject({ records: 0, due: true });
  expect(strays.named("8", "x")).toMatchObject({ rows: 5, text: "x", due: false });
  expect(strays.overflow).toBe(6);
});
