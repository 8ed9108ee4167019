import { PassThrough } from "node:stream";
import { stripVTControlCharacters, styleText } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FaultHistories, type FaultHistory } from "../../contract/fault-history.ts";
import type { Sample } from "../../contract/sample.ts";
import { liveLine } from "./live-line-writer.ts";
import { renderLiveLine, type Paint } from "./live-line.ts";
import { fault, sampleAt } from "../fixture/recovery.ts";

const plain: Paint = (_style, text) => text;
const coloured: Paint = (style, text) => styleText(style, text, { validateStream: false });

const recent: Sample[] = [
  sampleAt(64_000, { acknowledged: 10_000, rows: 9_000, lag: 900, latency_p50_ms: 12, latency_p99_ms: 80 }),
  sampleAt(65_000, {
    acknowledged: 15_000,
    rows: 14_000,
    lag: 1_000,
    latency_p50_ms: 16,
    latency_p99_ms: 1_250,
    under_replicated: 2,
  }),
];
const [killed] = FaultHistories.of(fault({ id: 3, plannedMs: 60_000, activeMs: 61_000 })).faults as [FaultHistory];

describe("the live line", () => {
  test("shows the fault, the counts, the rate, and the worst latency of the last seconds", () => {
    expect(renderLiveLine({ startMs: 0, recent, active: [killed] }, 200, plain)).toBe(
      "+1:05  kill kafka-2 4.0 s  acknowledged 15,000  stored 14,000  lag 1,000  5,000/s  p50 16 ms p99 1.3 s  under-replicated 2",
    );
  });

  test("what is unknown is a question mark, not a zero", () => {
    expect(renderLiveLine({ startMs: 0, recent: [sampleAt(1_000, {})], active: [] }, 200, plain)).toBe(
      "+0:01  calm  acknowledged ?  stored ?  lag ?  ?/s  p50 ? p99 ?",
    );
  });

  test("never is wider than the terminal, coloured or not", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 160 }), fc.nat({ max: 5 }), (columns, faults) => {
        const state = { startMs: 0, recent, active: Array.from({ length: faults }, () => killed) };
        const line = renderLiveLine(state, columns, plain);
        expect(line.length).toBeLessThanOrEqual(columns);
        expect(stripVTControlCharacters(renderLiveLine(state, columns, coloured))).toBe(line);
      }),
    );
  });
});

function outputOf(terminal: { columns: number } | undefined, act: (output: PassThrough) => void): string {
  const output = Object.assign(
    new PassThrough(),
    terminal === undefined ? {} : { isTTY: true, columns: terminal.columns },
  );
  act(output);
  return String(output.read() ?? "");
}

describe("the writer", () => {
  const records = fault({ id: 3, plannedMs: 60_000, activeMs: 61_000 });

  test("without a terminal: a plain line every 5 s and one for each fault, no control characters", () => {
    const text = outputOf(undefined, (output) => {
      const line = liveLine(output, 0);
      for (let second = 0; second < 11; second++)
        line.onSample(sampleAt(second * 1_000, { acknowledged: second }), {
          active: [],
          records: second === 7 ? records : [],
        });
      line.end();
    });
    expect(text).toBe(stripVTControlCharacters(text));
    expect(text.split("\n")).toEqual([
      expect.stringMatching(/^\+0:00 {2}calm {2}acknowledged 0 /),
      expect.stringMatching(/^\+0:05 {2}calm {2}acknowledged 5 /),
      "+1:01  fault 3: kill kafka-2 had an effect: its process 4711 is gone",
      expect.stringMatching(/^\+0:10 {2}calm {2}acknowledged 10 /),
      "",
    ]);
  });

  test("on a terminal: one line over itself, within the columns, and a line that stays for a fault", () => {
    const text = outputOf({ columns: 40 }, (output) => {
      const line = liveLine(output, 0);
      line.onSample(sampleAt(1_000, { acknowledged: 1 }), { active: [], records: [] });
      line.onSample(sampleAt(2_000, { acknowledged: 2 }), { active: [killed], records });
      line.end();
    });
    const writes = text.split("\r\u001b[2K");
    expect(writes.filter((write) => write.includes("\n"))).toEqual([
      expect.stringContaining("fault 3: kill kafka-2 had an effect"),
    ]);
    for (const write of writes)
      expect((stripVTControlCharacters(write).split("\n").at(-1) ?? "").length).toBeLessThan(40);
    expect(text.endsWith("\r\u001b[2K")).toBe(true);
  });
});
