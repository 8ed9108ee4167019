import { expect, test } from "vitest";
import { journalClose } from "./fixture/close.ts";
import { JournalGrammar, type JournalTimes } from "./journal-grammar.ts";
import { JOURNAL_VERSION, type JournalRecord } from "./journal.ts";

const NODE = "kafka-1";
type Line = JournalRecord;
const process = { pid: 1, start_ticks: 1, boot_id: "b" };
const open = (at_ms = 0, faults = 9): Line => ({
  t: "open",
  version: JOURNAL_VERSION,
  run: 7,
  seed: 1,
  plan_sha256: "",
  faults,
  process,
  at_ms,
});
const zero = { planned: 0, effective: 0, healed: 0, failed: 0, recovered: 0 };
/** With the totals of the lines before it; see `closed`. */
const close = (at_ms = 0): Line => ({ t: "close", ...zero, duration_ms: -1, at_ms });
const planned = (id: number, plan_id = id, at_ms = 0): Line => ({
  t: "planned",
  id,
  fault: { id: plan_id, at_ms: 0, kind: "kill", target: { node: NODE }, hold_ms: 1 },
  node: NODE,
  node_kind: "kafka",
  undo: { node: NODE, release: `test-${id}` },
  at_ms,
});
const active = (id: number, more: Partial<Line & { t: "active" }> = {}): Line => ({
  t: "active",
  id,
  kind: "kill",
  node: NODE,
  effective: true,
  proof: "",
  at_ms: 0,
  ...more,
});
const healed = (id: number, by: "engine" | "watchdog" | "heal" = "engine", at_ms = 0): Line => ({
  t: "healed",
  id,
  by,
  proof: "",
  at_ms,
});
const failed = (id: number): Line => ({ t: "failed", id, why: "", at_ms: 0 });
const recovered = (id: number, node = NODE): Line => ({ t: "recovered", id, node, at_ms: 0 });

function closed(lines: Line[]): Line[] {
  return lines.map((line, at) => {
    if (line.t !== "close" || line.duration_ms !== -1) return line;
    try {
      return journalClose(lines.slice(0, at), line.at_ms);
    } catch {
      return line;
    }
  });
}

function problems(lines: Line[], times?: JournalTimes): string[] {
  const grammar = new JournalGrammar(times);
  return closed(lines).flatMap((line, index) => {
    const problem = grammar.apply(line);
    return problem === undefined ? [] : `${index + 1}: ${problem}`;
  });
}
const whole = (id: number, planId = id) => [planned(id, planId), active(id), healed(id), recovered(id)];

test.each<[string, Line[]]>([
  ["nothing", []],
  ["a run without faults", [open(), close()]],
  ["two faults", [open(), ...whole(1), ...whole(2), close()]],
  [
    "a fault without effect, and one that never began",
    [open(), planned(1), active(1, { effective: false }), healed(1), failed(2), close()],
  ],
  ["a fault that could not be injected", [open(), planned(1), failed(1), close()]],
  ["a second plan, whose ids are shifted", [open(), ...whole(1), failed(2), close(), open(), ...whole(4, 1), close()]],
  [
    "an engine that died, and heal",
    [open(), planned(1), active(1), healed(1, "heal"), close(), open(), ...whole(3, 1), close()],
  ],
  [
    "an engine that died before it knew of an effect",
    [open(), planned(1), healed(1, "watchdog"), close(), open(), close()],
  ],
  [
    "an engine that hung, and went on after the watchdog",
    [open(), planned(1), healed(1, "watchdog"), active(1), healed(1), close()],
  ],
  ["an engine that was killed after the last line", [open(), ...whole(1)]],
])("%s is fine", (_name, lines) => expect(problems(lines)).toEqual([]));

test.each<[string, Line[], string]>([
  ["no open", whole(1).slice(0, 1), '1: a journal begins with "open", not with "planned"'],
  ["a line after close", [open(), close(), planned(1)], "3: fault 1 is planned, but no engine was at work"],
  ["a failure after close", [open(), close(), failed(1)], "3: fault 1 is failed, but no engine was at work"],
  ["a second close", [open(), close(), close()], '3: "close" without an "open"'],
  ["a close over a fault", [open(), planned(1), close()], '3: "close", but fault 1 is not healed'],
  ["an open over a fault", [open(), planned(1), active(1), open()], '4: "open", but fault 1 is not healed'],
  ["a fault twice", [open(), ...whole(1), planned(1)], "6: fault 1 is planned twice"],
  [
    "an id of an earlier plan",
    [open(), failed(3), close(), open(), failed(2)],
    "5: fault 2 is failed, but its id is one of an earlier plan",
  ],
  [
    "an id that the plan does not give",
    [open(), failed(3), close(), open(), planned(5, 2)],
    "5: fault 5 has the plan's id 2, which should make it 6",
  ],
  ["active alone", [open(), active(1)], "2: fault 1 is active, but was never planned"],
  ["healed alone", [open(), healed(1)], "2: fault 1 is healed, but was never planned"],
  ["recovered alone", [open(), recovered(1)], "2: fault 1 is recovered, but was never planned"],
  [
    "active as another kind",
    [open(), planned(1), active(1, { kind: "pause" }), healed(1)],
    "3: fault 1 is active as pause of kafka-1, but planned as kill of kafka-1",
  ],
  [
    "active on another node",
    [open(), planned(1), active(1, { node: "kafka-2" }), healed(1)],
    "3: fault 1 is active as kill of kafka-2",
  ],
  ["active twice", [open(), planned(1), active(1), active(1)], "4: fault 1 is active after it was active"],
  ["active after healed", [open(), ...whole(1), active(1)], "6: fault 1 is active after it was healed"],
  [
    "active of a fault that failed",
    [open(), planned(1), failed(1), active(1)],
    "4: fault 1 is active after it was failed",
  ],
  [
    "active by the next engine",
    [open(), planned(1), healed(1, "heal"), close(), open(), active(1)],
    '6: fault 1 is active, but an engine before the last "open" planned it',
  ],
  [
    "healed twice by the engine",
    [open(), planned(1), active(1), healed(1), healed(1)],
    "5: fault 1 is healed twice by its engine",
  ],
  [
    "healed by the engine without effect probe",
    [open(), planned(1), healed(1)],
    "3: fault 1 is healed by its engine, but was never active",
  ],
  ["failed after active", [open(), planned(1), active(1), failed(1)], "4: fault 1 is failed after it was active"],
  ["failed twice", [open(), failed(1), failed(1)], "3: fault 1 is failed after it was failed"],
  [
    "recovered before healed",
    [open(), planned(1), active(1), recovered(1)],
    "4: fault 1 is recovered, but its engine did not heal it before",
  ],
  ["recovered twice", [open(), ...whole(1), recovered(1)], "6: fault 1 is recovered twice"],
  [
    "recovered on another node",
    [open(), planned(1), active(1), healed(1), recovered(1, "x")],
    "5: fault 1 is recovered on x, but was planned on kafka-1",
  ],
])("%s is impossible", (_name, lines, problem) => {
  const found = problems(lines);
  expect(found).toHaveLength(1);
  expect(found[0]).toContain(problem);
});

test.each<[string, Line[], string]>([
  ["another run", [open(), close(), { ...open(), run: 8 } as Line], '3: "open" of run 8, but the journal is of run 7'],
  ["an open twice", [open(), open()], '2: "open", but the engine before has no "close"'],
  [
    "a watchdog that heals what is healed",
    [open(), ...whole(1), healed(1, "watchdog")],
    "6: fault 1 is healed by watchdog after it was healed",
  ],
  [
    "a heal after a watchdog",
    [open(), planned(1), healed(1, "watchdog"), healed(1, "heal")],
    "4: fault 1 is healed by heal after it was healed",
  ],
  ["healed after close", [open(), ...whole(1), close(), healed(1, "watchdog")], "7: fault 1 is healed, but no engine"],
  [
    "an undo of another node",
    [open(), { ...planned(1), undo: { node: "kafka-2", release: "x" } } as Line, failed(1)],
    "2: fault 1 strikes kafka-1, but its undo is of kafka-2",
  ],
  ["more faults than the plan has", [open(0, 1), failed(1), failed(2)], "3: fault 2 is more than the plan has"],
  ["more strikes than the plan has", [open(0, 1), failed(1), ...whole(2)], "3: fault 2 is more than the plan has"],
])("%s is impossible too", (_name, lines, problem) => {
  expect(problems(lines)[0]).toContain(problem);
});

test.each(["planned", "effective", "healed", "failed", "recovered", "duration_ms"] as const)(
  "a close with another total of %s is impossible",
  (name) => {
    const before = [open(10), ...whole(1), planned(2), failed(2), failed(3)];
    const right = journalClose(before, 50);
    expect(right).toEqual({
      t: "close",
      planned: 2,
      effective: 1,
      healed: 1,
      failed: 2,
      recovered: 1,
      duration_ms: 40,
      at_ms: 50,
    });
    expect(problems([...before, right])).toEqual([]);
    expect(problems([...before, { ...right, [name]: right[name] + 1 }])).toEqual([
      `9: "close" says ${name} ${right[name] + 1}, but the lines before it come to ${right[name]}`,
    ]);
  },
);

test("after a line that could not be read, totals are not judged", () => {
  const grammar = new JournalGrammar();
  grammar.apply(open());
  grammar.miss();
  expect([grammar.isOpen, grammar.apply(journalClose([open(), failed(1)], 0)), grammar.isOpen]).toEqual([
    true,
    undefined,
    false,
  ]);
});

test("times do not go back, and lie within the run", () => {
  const times = { fromMs: 10_000, toMs: 90_000 };
  const lines = (ms: number) => [open(20_000), planned(1, 1, ms), healed(1, "heal", 30_000)];
  expect(problems(lines(25_000), times)).toEqual([]);
  expect(problems(lines(19_500), times)).toEqual([]);
  expect(problems(lines(18_000), times)).toEqual([
    '2: the time of "planned" is 2000 ms before that of an earlier line',
  ]);
  expect(problems(lines(40_000), times)).toEqual([
    '3: the time of "healed" is 10000 ms before that of an earlier line',
  ]);
  expect(problems([open(5_000)], times)).toEqual(['1: the time of "open" is 5000 ms before the run was created']);
  expect(problems([open(20_000), close(92_000)], times)).toEqual(['2: the time of "close" is in the future']);
});

test("a line removed, repeated or exchanged with the next is noticed by totals and order alone", () => {
  const lines = closed([open(), ...whole(1), ...whole(2), close()]);
  const silent = (change: (at: number) => Line[]) =>
    lines.map((_, at) => at).filter((at) => at + 1 < lines.length && problems(change(at)).length === 0);
  expect(silent((at) => lines.toSpliced(at, 1))).toEqual([]);
  expect(silent((at) => lines.toSpliced(at, 0, lines[at] as Line))).toEqual([]);
  // Two lines of different faults: only the chain knows their order.
  expect(silent((at) => lines.with(at, lines[at + 1] as Line).with(at + 1, lines[at] as Line))).toEqual([4]);
});
