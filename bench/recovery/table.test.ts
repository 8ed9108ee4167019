import { expect, it } from "vitest";
import { cellOf, exactly, resultsOf, roundOf } from "./fixture/cells.ts";
import { renderRecoveryTables, spreadOfCell } from "./table.ts";

const twenty = Array.from({ length: 20 }, (_, index) =>
  roundOf(index + 1, 1_000 + 100 * index, {
    taken_over: exactly(2_000 + index),
    detected:
      index < 18 ? { low_ms: 300, high_ms: 350, open: false, by: "offsets" } : { unknown: "the witness saw no claim" },
  }),
);

it("percentiles are figures of rounds, by nearest rank; a round without an effect does not count", () => {
  const spread = spreadOfCell({ rounds: [{ ...roundOf(21, 9_999), effective: false }, ...twenty] }, "no_rows");
  expect(spread).toMatchObject({
    n: 20,
    p50: { ms: 1_900, index: 9 },
    p95: { ms: 2_800 },
    max: { ms: 2_900, index: 19 },
  });
});

it("prints both tables, what is not finished, and the way to the raw record", () => {
  const text = renderRecoveryTables(
    resultsOf([
      cellOf([roundOf(1, 40_000, { no_rows: { low_ms: 40_000, high_ms: 40_000, open: true, by: "samples" } })], {
        variant: "defaults",
        fault: "kill-broker",
        state: "failed",
        why: "the verdict is UNKNOWN",
        hold_ms: 12_000,
      }),
      cellOf(twenty),
    ]),
  );
  expect(text).toContain("| kill-driver | no-standby | – | 20 | – | 1,900 / 2,800 / 2,900 | – |");
  expect(text).toContain(
    "| kill-driver | no-standby | – | 20 | 350 / 350 / 350 ± 50 (n 18) | 2,009 / 2,018 / 2,019 | – |",
  );
  expect(text).toContain("| kill-broker (failed) | defaults | 12 s | 1 | – | > 40,000 / > 40,000 / > 40,000 | – |");
  expect(text).toContain("- kill-broker, defaults: failed: the verdict is UNKNOWN");
  expect(text).toContain("- kill-driver, no-standby: longest without rows: fault 20 of 20260101T000000Z-payments");
  expect(text).toContain("2,000 events/s");
});
