import { expect, test } from "vitest";
import { unwatched } from "./watch-gaps.ts";
import { WitnessSeen } from "./witness-seen.ts";

const T = Date.UTC(2026, 6, 1);
const at = (seconds: number) => T + seconds * 1000;
const run = { fromMs: at(0), toMs: at(100) };

function seenAt(...sessions: number[][]): WitnessSeen {
  const seen = new WitnessSeen(1);
  for (const [index, seconds] of sessions.entries()) {
    const [first = 0, ...later] = seconds;
    seen.add({ t: "open", version: 1, run: 1, session: index + 1, pid: 1, at_ms: at(first) });
    for (const second of later) {
      seen.add({ t: "rows", partition: 0, from: 0, to: 1, rows: 1, digest: "1", at_ms: at(second) });
      seen.add({ t: "ends", partition: 0, high_watermark: 1, at_ms: at(second) });
    }
  }
  return seen;
}
const steadily = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

test("a run that was watched from beginning to end has no such line", () => {
  expect(unwatched(seenAt(steadily(-3, 101)), run, at(104))).toBeUndefined();
});

test("no file", () => {
  expect(unwatched(undefined, run, at(0))).toContain("no witness watched the run");
});

test("names each time in which nobody watched", () => {
  const seen = seenAt(steadily(10, 30), [...steadily(40, 50), 70]);
  expect(unwatched(seen, run, at(100))).toBe(
    "changes that were undone again within times that nobody watched: " +
      "2026-07-01T00:00:00.000Z to 2026-07-01T00:00:10.000Z (before the witness began); " +
      "2026-07-01T00:00:30.000Z to 2026-07-01T00:00:40.000Z (between sessions 1 and 2); " +
      "2026-07-01T00:00:50.000Z to 2026-07-01T00:01:10.000Z (the witness could not read the tables); " +
      "2026-07-01T00:00:50.000Z to 2026-07-01T00:01:10.000Z (the witness could not read partition 0 of the log); " +
      "2026-07-01T00:01:10.000Z to 2026-07-01T00:01:40.000Z (after the witness's last line)",
  );
});
