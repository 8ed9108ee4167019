import { describe, expect, it } from "vitest";
import { recoveryFault } from "./faults.ts";
import { cellOf, resultsOf, roundOf } from "./fixture/cells.ts";
import { benchRecovery, type CellOrder, type CellOutcome } from "./recovery-bench.ts";
import type { RecoveryResults } from "./results.ts";

const order = (fault: string, variant: CellOrder["variant"] = "no-standby", rounds = 2): CellOrder => ({
  variant,
  fault: recoveryFault(fault),
  rounds,
});

function outcome(more: Partial<CellOutcome> = {}): CellOutcome {
  const { seed, run_directory, verdict, began_ms, ended_ms, machine, rounds } = cellOf([
    roundOf(1, 500),
    roundOf(2, 600),
  ]);
  return {
    seed,
    run_directory,
    verdict,
    began_ms,
    ended_ms,
    machine,
    rounds,
    why: null,
    reasons: [],
    interrupted: false,
    ...more,
  };
}

/** Runs the benchmark with these outcomes, one for each cell that is measured. */
async function bench(orders: CellOrder[], outcomes: CellOutcome[], before = resultsOf([])) {
  const [measured, saved]: [string[], RecoveryResults[]] = [[], []];
  const end = await benchRecovery({
    orders,
    results: before,
    runCell: async ({ fault, variant }) => {
      measured.push(`${fault.name} ${variant}`);
      return outcomes.shift() ?? outcome();
    },
    save: (results) => saved.push(results),
    say: () => {},
  }).then(
    () => undefined,
    (error: Error) => error,
  );
  const cells = (saved.at(-1) ?? before).cells.map(
    ({ fault, variant, state, why }) => `${fault} ${variant} ${state}${why === null ? "" : `: ${why}`}`,
  );
  return { measured, end, cells };
}

describe("bench recovery", () => {
  it("measures each cell and keeps it", async () => {
    const { end, measured, cells } = await bench([order("kill-driver"), order("kill-driver", "defaults")], []);
    expect(end).toBeUndefined();
    expect(measured).toEqual(["kill-driver no-standby", "kill-driver defaults"]);
    expect(cells).toEqual(["kill-driver no-standby finished", "kill-driver defaults finished"]);
  });

  it("does not measure again what is finished with so many rounds and this hold", async () => {
    const orders = [order("kill-driver"), order("kill-broker")];
    const finished = [
      cellOf([roundOf(1, 5), roundOf(2, 5)]),
      cellOf([roundOf(1, 5)], { fault: "kill-broker", hold_ms: 1 }),
    ];
    expect((await bench(orders, [], resultsOf(finished))).measured).toEqual(["kill-broker no-standby"]);
    expect((await bench([order("kill-driver", "no-standby", 3)], [], resultsOf(finished))).measured).toHaveLength(1);
  });

  it("measures again what is partial or failed, and what had too few effects", async () => {
    for (const state of ["partial", "failed"] as const) {
      const before = resultsOf([cellOf([roundOf(1, 5), roundOf(2, 5)], { state })]);
      const { measured, cells } = await bench([order("kill-driver")], [], before);
      expect(measured).toHaveLength(1);
      expect(cells).toEqual(["kill-driver no-standby finished"]);
    }
    const rounds = [roundOf(1, 5), { ...roundOf(2, 5), effective: false }];
    expect((await bench([order("kill-driver")], [], resultsOf([cellOf(rounds)]))).measured).toHaveLength(1);
  });

  it("keeps the rounds of a cell that was interrupted, as partial, and stops", async () => {
    const { end, measured, cells } = await bench(
      [order("kill-driver"), order("kill-broker")],
      [outcome({ interrupted: true, verdict: null, rounds: [roundOf(1, 500)], why: "FL_INTERRUPTED: interrupted" })],
    );
    expect(end).toMatchObject({ code: "FL_INTERRUPTED", message: expect.stringContaining("after 1 rounds") });
    expect(measured).toHaveLength(1);
    expect(cells).toEqual(["kill-driver no-standby partial: interrupted"]);
  });

  it("goes on after a stack that did not work, and fails at the end", async () => {
    const { end, measured, cells } = await bench(
      [order("kill-driver"), order("kill-broker")],
      [outcome({ verdict: null, rounds: [], why: "FL_NOT_READY: no rows" })],
    );
    expect(measured).toHaveLength(2);
    expect(cells).toEqual(["kill-driver no-standby failed: FL_NOT_READY: no rows", "kill-broker no-standby finished"]);
    expect(end).toMatchObject({
      code: "FL_NODE_FAILED",
      message: "not measured: kill-driver, no-standby: FL_NOT_READY: no rows",
    });
  });

  it("fails for every verdict but VALID; after INVALID nothing more is measured", async () => {
    const orders = [order("kill-driver"), order("kill-broker")];
    const unknown = await bench(orders, [outcome({ verdict: "UNKNOWN", reasons: ["PostgreSQL can't be read"] })]);
    expect(unknown.cells[0]).toBe("kill-driver no-standby failed: the verdict is UNKNOWN; PostgreSQL can't be read");
    expect(unknown.measured).toHaveLength(2);
    const invalid = await bench(orders, [outcome({ verdict: "INVALID" })]);
    expect(invalid.measured).toHaveLength(1);
    expect(invalid.end).toMatchObject({ code: "FL_NODE_FAILED" });
  });

  it("does not count rounds without an effect", async () => {
    const rounds = [roundOf(1, 5), { ...roundOf(2, 5), effective: false }];
    const { cells } = await bench([order("kill-driver")], [outcome({ rounds })]);
    expect(cells).toEqual(["kill-driver no-standby failed: 1 of 2 rounds had an effect"]);
  });
});
