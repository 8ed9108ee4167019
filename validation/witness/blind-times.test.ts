import { expect, test } from "vitest";
import { WitnessSeen } from "./witness-seen.ts";

/** Lines of sources at seconds: "t" the tables, a number that partition of the log, "open" a new session. */
function seen(...lines: [second: number, source: "t" | "open" | number][]): WitnessSeen {
  const all = new WitnessSeen(3);
  let session = 0;
  for (const [second, source] of lines) {
    const at_ms = second * 1_000;
    if (source === "open") all.add({ t: "open", version: 1, run: 1, session: ++session, pid: 1, at_ms });
    else if (source === "t")
      all.add({
        t: "offsets",
        partition: 0,
        next_offset: 0,
        generation: 0,
        rows: 0,
        duplicates: 0,
        dead_letters: 0,
        at_ms,
      });
    else all.add({ t: "ends", partition: source, high_watermark: 0, at_ms });
  }
  return all;
}
const seconds = ({ fromMs, toMs }: { fromMs: number; toMs: number }) => `${fromMs / 1_000} to ${toMs / 1_000}`;

test("a source that is silent for a long time, and for a time that is not long", () => {
  const { withoutTables } = seen([0, "open"], [15, "t"], [30, "t"], [46, "t"], [47, "t"]);
  expect(withoutTables.map(seconds)).toEqual(["30 to 46"]);
});

test("a source that is silent to the end of the file or of a session, although others are seen", () => {
  const found = seen([0, "open"], [1, "t"], [9, 0], [20, 0], [100, "open"], [101, "t"], [116, 0], [117, 0]);
  expect(found.withoutTables.map(seconds)).toEqual(["1 to 20", "101 to 117"]);
});

test("a line that is late does not begin a new time", () => {
  expect(seen([0, "open"], [10, "t"], [5, "t"], [25, "t"]).withoutTables).toEqual([]);
});

test("partitions that are silent at the same time are one time", () => {
  const found = seen(
    [0, "open"],
    [2, 2],
    [1, 0],
    [1, 1],
    [20, 0],
    [30, 1],
    [30, 2],
    [31, 0],
    [50, 1],
    [51, 0],
    [51, 2],
  );
  expect(found.withoutLog.map((time) => `${seconds(time)}: ${time.partitions.join()}`)).toEqual(["1 to 51: 0,1,2"]);
  expect(seen([0, "open"], [1, 0], [1, 1], [10, 2], [20, 1], [14, 0], [20, 2]).withoutLog.map(seconds)).toEqual([
    "1 to 20",
  ]);
});

test("of a source that is silent very often, the first times are told", () => {
  const often = Array.from({ length: 50 }, (_, index): [number, "t"] => [index * 20, "t"]);
  expect(seen([0, "open"], ...often).withoutTables).toHaveLength(20);
});
