import { expect, test } from "vitest";
import { eventKey } from "../../contract/event.ts";
import { timestamptz } from "../fixture/copy-lines.ts";
import { LogScene, RUN } from "../fixture/log-scene.ts";
import { reasonOf } from "../fixture/reasons.ts";
import { Histories } from "./histories.ts";
import { DEAD_LETTER_COLUMNS, SINK_OFFSET_COLUMNS } from "../sinks/table-columns.ts";
import { SinkIngest } from "./sink-ingest.ts";
import { storeLetter, storeOffset } from "../fixture/stored-lines.ts";

const CREATED_MS = Date.UTC(2026, 6, 1);
const STORED = timestamptz(CREATED_MS + 1000);

/** The run of LogScene, created and read at known times. */
function sinkOf(isMalformed = false) {
  const scene = new LogScene(undefined, isMalformed);
  const { pipeline, settings, partitions } = scene.histories;
  const times = { createdMs: CREATED_MS, asOfMs: CREATED_MS + 60_000 };
  const histories = new Histories(pipeline, { ...settings, ...times }, partitions);
  return { scene, histories, history: scene.history, sink: new SinkIngest(histories, "payments-topic") };
}

const OFFSETS: Record<(typeof SINK_OFFSET_COLUMNS)[number], string> = {
  target: "payments",
  topic: "payments-topic",
  partition: "1",
  start_offset: "2",
  next_offset: "9",
  rows: "4",
  duplicates: "3",
  dead_letters: "1",
  generation: "5",
  writer_pid: "4711",
  updated_at: STORED,
};
const offsetLine = (change: Partial<typeof OFFSETS> = {}) =>
  SINK_OFFSET_COLUMNS.map((name) => ({ ...OFFSETS, ...change })[name]).join("\t");

test("a line of sink_offsets says how far its partition is", () => {
  const { sink, histories, history } = sinkOf();
  storeOffset(sink, offsetLine());
  const read = { startOffset: 2, nextOffset: 9, rows: 4, duplicates: 3, deadLetters: 1, generation: 5 };
  expect(history.sink).toEqual(read);
  expect(histories.partitions.filter((other) => other.sink !== undefined)).toHaveLength(1);
  expect(histories.oddOffsets).toEqual({ count: 0, examples: [] });
});

test.each<Partial<typeof OFFSETS>>([
  { target: "other" },
  { target: "\\N" },
  { topic: "payments" },
  { partition: "6" },
  { partition: "-1" },
  { partition: "length" },
  { partition: "\\N" },
  { start_offset: "\\N" },
  { next_offset: "x" },
  { rows: "" },
  { duplicates: "1.5" },
  { dead_letters: "\\N" },
])("a line of sink_offsets that is not this run's, or can't be read, is odd: %j", (change) => {
  const { sink, histories } = sinkOf();
  storeOffset(sink, offsetLine(change));
  expect(histories.partitions.every((history) => history.sink === undefined)).toBe(true);
  const shown = SINK_OFFSET_COLUMNS.map((name) => `${name} ${{ ...OFFSETS, ...change }[name].replace("\\N", "null")}`);
  expect(histories.oddOffsets).toEqual({ count: 1, examples: [`row of sink_offsets: ${shown.join(", ")}`] });
});

test("a second line of a partition is odd, and the first one counts", () => {
  const { sink, histories, history } = sinkOf();
  storeOffset(sink, offsetLine());
  storeOffset(sink, offsetLine({ next_offset: "8" }));
  expect([history.sink?.nextOffset, histories.oddOffsets.count]).toEqual([9, 1]);
});

test("an odd line is shown without its escapes; what is long is cut, what is not there is null", () => {
  const { sink, histories } = sinkOf();
  storeOffset(sink, `a\\tb\t${"x".repeat(60)}\t${"y".repeat(61)}`);
  const [example = ""] = histories.oddOffsets.examples;
  expect(example).toContain(`target a\tb, topic ${"x".repeat(60)}, partition ${"y".repeat(57)}..., start_offset null,`);
  expect(example).toMatch(/updated_at null$/);
});

test.each<[Partial<typeof OFFSETS>, RegExp, number | undefined]>([
  [{ generation: "0" }, /^p1: generation is 0, /, 0],
  [{ generation: "x" }, /^p1: generation is x, /, undefined],
  [{ writer_pid: "0" }, /^p1: writer_pid is 0, /, 5],
  [{ updated_at: timestamptz(CREATED_MS - 60_001) }, /^p1: updated_at is .*, before the run was created$/, 5],
  [{ updated_at: timestamptz(CREATED_MS + 120_001) }, /^p1: updated_at is .*, in the future$/, 5],
])("a line whose writer or time is not the sink's still says how far it is: %j", (change, problem, generation) => {
  const { sink, histories, history } = sinkOf();
  storeOffset(sink, offsetLine(change));
  expect(histories.oddOffsets).toEqual({ count: 1, examples: [expect.stringMatching(problem)] });
  expect([history.sink?.nextOffset, history.sink?.generation]).toEqual([9, generation]);
  expect("generation" in (history.sink ?? {})).toBe(generation !== undefined);
});

const unhex = (text: string) => (text.startsWith("\\\\x") ? Buffer.from(text.slice(3), "hex") : null);
const hex = (bytes: Buffer) => `\\\\x${bytes.toString("hex")}`;

/** The dead letter of a malformed event of partition 1. */
function letterOf({ scene, histories }: ReturnType<typeof sinkOf>, sequence = 2) {
  const value = scene.value(1, sequence);
  const letter: Record<(typeof DEAD_LETTER_COLUMNS)[number], string> = {
    target: "payments",
    topic: "payments-topic",
    partition: "1",
    offset: "7",
    key: hex(Buffer.from(eventKey(RUN, 1, sequence))),
    value: hex(value),
    reason: reasonOf(value, histories.pipeline),
    created_at: STORED,
  };
  return letter;
}

function readLetter(
  change: (run: ReturnType<typeof sinkOf>) => Partial<ReturnType<typeof letterOf>>,
  isMalformed = true,
) {
  const run = sinkOf(isMalformed);
  const letter = { ...letterOf(run), ...change(run) };
  storeLetter(run.sink, DEAD_LETTER_COLUMNS.map((name) => letter[name]).join("\t"));
  return run;
}

test.each([0, 2, 5])(
  "a dead letter of the malformed event %i is known by it, and its bytes are not kept",
  (sequence) => {
    const { histories, history } = readLetter((run) => letterOf(run, sequence));
    expect([history.letters.offsets, history.letters.sequences, history.letters.odd.size]).toEqual([
      [7],
      [sequence],
      0,
    ]);
    expect([histories.actualLetters, histories.oddLetters.count]).toEqual([1, 0]);
  },
);

test.each<[string, Parameters<typeof readLetter>[0], boolean]>([
  ["other bytes", ({ histories }) => valueWith("{", histories), true],
  ["the key of another event", () => ({ key: hex(Buffer.from(eventKey(RUN, 1, 3))) }), true],
  ["the key of another run", () => ({ key: hex(Buffer.from(eventKey(8, 1, 2))) }), true],
  ["the key of another partition", () => ({ key: hex(Buffer.from(eventKey(RUN, 2, 2))) }), true],
  ["the key of an event that was not attempted", () => ({ key: hex(Buffer.from(eventKey(RUN, 1, 50))) }), true],
  ["the key of an event whose time is lost", () => ({ key: hex(Buffer.from(eventKey(RUN, 1, 12))) }), true],
  ["the key of no event", () => ({ key: hex(Buffer.from("x")) }), true],
  ["no key", () => ({ key: "\\N" }), true],
  ["a key that is no bytea", () => ({ key: "zz" }), true],
  ["no value", ({ histories }) => ({ value: "\\N", reason: reasonOf(null, histories.pipeline) }), true],
  ["a well-formed event", () => ({ reason: "PostgreSQL 22003: x" }), false],
])("a dead letter with %s is of no malformed event, and its bytes are kept", (_name, change, isMalformed) => {
  const { histories, history } = readLetter(change, isMalformed);
  expect([history.letters.offsets, history.letters.sequences]).toEqual([[7], [-1]]);
  expect(histories.oddLetters.examples).toEqual([]);
  const letter = { ...letterOf(sinkOf(isMalformed)), ...change(sinkOf(isMalformed)) };
  expect([...history.letters.odd]).toEqual([[0, { key: unhex(letter.key), value: unhex(letter.value) }]]);
});

function valueWith(text: string, { pipeline }: Histories) {
  return { value: hex(Buffer.from(text)), reason: reasonOf(Buffer.from(text), pipeline) };
}

test.each<[Partial<ReturnType<typeof letterOf>>, string]>([
  [{ target: "other" }, "other payments-topic p1 offset 7"],
  [{ target: "\\N" }, "null payments-topic p1 offset 7"],
  [{ topic: "payments" }, "payments payments p1 offset 7"],
  [{ partition: "6" }, "payments payments-topic p6 offset 7"],
  [{ partition: "x" }, "payments payments-topic px offset 7"],
  [{ offset: "\\N" }, "payments payments-topic p1 offset null"],
])("a dead letter of another place is odd: %j", (change, example) => {
  const { histories } = readLetter(() => change);
  expect(histories.oddLetters).toEqual({ count: 1, examples: [example] });
  expect(histories.partitions.every(({ letters }) => letters.offsets.length === 0)).toBe(true);
  expect(histories.actualLetters).toBe(1);
});

test.each<[Partial<ReturnType<typeof letterOf>>, RegExp[]]>([
  [{ reason: "x" }, [/^p1 offset 7: the reason is "x", not /]],
  [{ reason: "a\\tb" }, [/^p1 offset 7: the reason is "a\tb", not /]],
  [{ reason: "\\N" }, [/^p1 offset 7: the reason is null, not /]],
  [{ created_at: "\\N" }, [/^p1 offset 7: created_at is null, /]],
  [
    { reason: "x", created_at: timestamptz(CREATED_MS - 60_001) },
    [/the reason is "x"/, /, before the run was created$/],
  ],
])("a dead letter whose reason or time is not the sink's is odd, but it is known: %j", (change, problems) => {
  const { histories, history } = readLetter(() => change);
  const examples = problems.map((problem) => expect.stringMatching(problem) as string);
  expect(histories.oddLetters).toEqual({ count: problems.length, examples });
  expect(history.letters.sequences).toEqual([2]);
});

/** A row that says to be of this event. */
function rowOf(partition: number, sequence: number, difference?: string) {
  return { run: "9", event: "x", partition, sequence, difference: () => difference };
}

test("a row is held against its event", () => {
  const { sink, histories, history, scene } = sinkOf();
  const seen: string[] = [];
  sink.row({ ...rowOf(1, 2), difference: (event) => void seen.push(event.toString()) });
  expect(seen).toEqual([scene.value(1, 2).toString()]);
  expect([histories.actualRows, history.rows.timesOf(2), history.rows.total]).toEqual([1, 1, 1]);
  expect([history.corruptRow.count, histories.differences, histories.unverifiable]).toEqual([0, [], 0]);
});

test("a row that differs is corrupt; an event's second row counts, and is told no second time", () => {
  const { sink, histories, history } = sinkOf();
  for (let times = 0; times < 2; times++) sink.row(rowOf(1, 2, "another note"));
  expect([histories.actualRows, history.rows.timesOf(2)]).toEqual([2, 2]);
  expect([history.corruptRow.has(2), history.corruptRow.count]).toEqual([true, 1]);
  expect(histories.differences).toEqual(["row p1 #2: another note"]);
});

test.each([
  ["of no event", -1, -1],
  ["of a partition that does not exist", 6, 0],
  ["never attempted", 1, 50],
])("a row %s is a stray", (_name, partition, sequence) => {
  const { sink, histories } = sinkOf();
  for (let times = 0; times < 2; times++) sink.row(rowOf(partition, sequence, "other"));
  expect([histories.actualRows, histories.differences]).toEqual([2, []]);
  expect(histories.strays.named("9", "x")).toMatchObject({ rows: 2, records: 0 });
  expect(histories.partitions.every(({ rows }) => rows.total === 0)).toBe(true);
});

test("a stray beyond those that are told apart is counted", () => {
  const { sink, histories } = sinkOf();
  histories.strays.named = () => undefined;
  sink.row(rowOf(1, 50));
  expect(histories.actualRows).toBe(1);
});

test("a row whose event's creation time is lost can't be compared", () => {
  const { sink, histories, history } = sinkOf();
  sink.row(rowOf(1, 12, "other"));
  expect([histories.unverifiable, history.rows.timesOf(12), history.corruptRow.count]).toEqual([1, 1, 0]);
});

test("a row of a malformed event is told as that, not as corrupt", () => {
  const { sink, histories, history } = sinkOf(true);
  sink.row(rowOf(1, 2, "other"));
  expect([history.malformedRow.has(2), history.rows.timesOf(2), history.corruptRow.count]).toEqual([true, 1, 0]);
  expect(histories.differences).toEqual([]);
});
