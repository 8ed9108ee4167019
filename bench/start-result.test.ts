import { expect, test } from "vitest";
import { judgeStart, type StartTimes, summarizeStarts } from "./start-result.ts";
import { renderStartTable } from "./start-table.ts";

const times = (row: number): StartTimes => ({ kafka: 1, postgres: 1, workers: 1, query: 1, row });

const rows = summarizeStarts([
  { without: times(40_000), with: times(20_000) },
  { without: times(80_000), with: times(24_000) },
  { without: times(50_000), with: times(10_000) },
]);

test("a ratio is the median of each round's own, since a machine changes between rounds", () => {
  expect(rows.find(({ id }) => id === "row")).toMatchObject({ ratio: 0.3, withMs: [20_000, 24_000, 10_000] });
});

test("the first row is held against 20 s, by the median", () => {
  expect(judgeStart(rows)).toEqual([
    { name: "the first row, with archives", wantedMs: 20_000, measuredMs: 20_000, met: true },
  ]);
});

test("the table has a line for each phase", () => {
  const machine = { cores: 2, cpu: "c", memoryGib: 8, busyBefore: 0, versions: {} };
  const table = renderStartTable({
    version: 1,
    kind: "start",
    atMs: 0,
    machine,
    pipeline: "payments",
    rows,
    targets: judgeStart(rows),
  });
  expect(table).toContain("| the first row is stored | 40.0 / 50.0 / 80.0 | 10.0 / 20.0 / 24.0 | 0.30 |");
});
