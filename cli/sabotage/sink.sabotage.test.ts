import { afterAll, beforeAll, expect, it } from "vitest";
import type { VerdictFile } from "../../contract/verdict.ts";
import { SabotageBench } from "./fixture/bench.ts";

const JAVA = "spark-app/faultline-postgres/src/main/java/dev/faultline/postgres";
const LONGEST_TEXT = 20;

/** Three ways for a sink to be wrong, in one stack: each must be named. */
const bench = new SabotageBench([
  {
    // The first record of every chunk counts twice.
    file: `${JAVA}/AggregateWriter.java`,
    find: "        total.add(rows, fieldAt);\n",
    replace:
      "        total.add(rows, fieldAt);\n        if (record == from) {\n          total.add(rows, fieldAt);\n        }\n",
  },
  {
    // The chunk with offset 300 moves next_offset without its rows.
    file: `${JAVA}/SinkSession.java`,
    find: "    if (rows > 0) {\n      CopyIn in",
    replace: "    if (rows > 0 && !(chunk.offset(from) <= 300 && 300 < chunk.offset(to))) {\n      CopyIn in",
  },
  {
    file: `${JAVA}/JsonValueEncoder.java`,
    find: "out.putText(parser.getTextCharacters(), parser.getTextOffset(), parser.getTextLength());",
    replace: `out.putText(parser.getTextCharacters(), parser.getTextOffset(), Math.min(parser.getTextLength(), ${LONGEST_TEXT}));`,
  },
]);
let judged: Awaited<ReturnType<SabotageBench["judge"]>>;
const named = (kind: VerdictFile["anomalies"][number]["kind"]): number => judged.anomalies[kind] ?? 0;

beforeAll(async () => {
  await bench.up();
  await bench.produce(5_000, 1_000);
  judged = await bench.judge();
}, 1_500_000);
afterAll(() => bench[Symbol.asyncDispose]());

it("the verdict is INVALID", () => {
  expect(judged.verdict.verdict).toBe("INVALID");
});

it("an aggregate added twice: aggregate-mismatch", async () => {
  const stored = await bench.figure("SELECT sum(rows) FROM sink_offsets");
  const counted = await bench.figure("SELECT sum(events) FROM payments_per_account");
  bench.say(`marker: the aggregate counts ${counted} events, sink_offsets ${stored}`);
  expect(counted).toBeGreaterThan(stored);
  expect(named("aggregate-mismatch")).toBeGreaterThan(0);
});

it("next_offset committed without a chunk's rows: lost-sink", async () => {
  const claimed = await bench.figure("SELECT sum(rows) FROM sink_offsets");
  const rows = await bench.figure("SELECT count(*) FROM payments");
  bench.say(`marker: sink_offsets claims ${claimed} rows, the table has ${rows}`);
  expect(rows).toBeLessThan(claimed);
  expect(named("lost-sink")).toBe(claimed - rows);
});

it("a text cut off: corrupt", async () => {
  const longest = await bench.figure("SELECT max(length(note)) FROM payments");
  const atLimit = await bench.figure(`SELECT count(*) FROM payments WHERE length(note) = ${LONGEST_TEXT}`);
  bench.say(`marker: ${atLimit} notes of ${LONGEST_TEXT} characters, and none is longer`);
  expect(longest).toBe(LONGEST_TEXT);
  expect(named("corrupt")).toBeGreaterThan(atLimit / 2);
});
