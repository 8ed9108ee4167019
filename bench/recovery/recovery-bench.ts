import { FaultlineError } from "../../contract/errors.ts";
import { counting, type Cell, finishedCell, type RecoveryResults, withCell } from "./results.ts";
import type { RecoveryFault } from "./faults.ts";
import type { VariantId } from "./variants.ts";

/** One fault on one stack. */
export type CellOrder = { variant: VariantId; fault: RecoveryFault; rounds: number };

/** What running a cell comes to. */
export type CellOutcome = Omit<Cell, "variant" | "fault" | "state" | "why" | "hold_ms" | "rounds_wanted"> & {
  /** Why it ended before its rounds were done, or could not be judged. */
  why: string | null;
  /** Why the verdict is not VALID. */
  reasons: readonly string[];
  interrupted: boolean;
};

export type RecoveryBench = {
  orders: readonly CellOrder[];
  results: RecoveryResults;
  /** Starts a stack, repeats the fault, judges the run, takes the stack down. It does not throw for what is wrong with the stack: it says so in `why`. */
  runCell: (order: CellOrder) => Promise<CellOutcome>;
  /** Called after each cell. */
  save: (results: RecoveryResults) => void;
  say: (line: string) => void;
};

/**
 * Measures one cell after the other, and skips those that are finished. What is wrong with one stack does not keep the others from being measured.
 * @returns the results.
 * @throws FaultlineError FL_INTERRUPTED: the cell that was at work is kept as partial. FL_NODE_FAILED when a run is not VALID (then no more is measured),
 *   or when cells failed.
 */
export async function benchRecovery({ orders, results, runCell, save, say }: RecoveryBench): Promise<RecoveryResults> {
  let all = results;
  const failed: string[] = [];
  for (const [index, order] of orders.entries()) {
    const name = `${order.fault.name}, ${order.variant}`;
    const { variant, rounds } = order;
    if (finishedCell(all, { variant, fault: order.fault.name, rounds, holdMs: order.fault.holdMs }) !== undefined) {
      say(`cell ${index + 1} of ${orders.length}: ${name}: kept from before`);
      continue;
    }
    say(`cell ${index + 1} of ${orders.length}: ${name}: ${rounds} rounds`);
    const outcome = await runCell(order);
    const cell = cellOf(order, outcome);
    all = withCell(all, cell);
    save(all);
    if (outcome.interrupted)
      throw new FaultlineError("FL_INTERRUPTED", `interrupted in ${name} after ${counting(cell).length} rounds`, {
        remedy: "the same command goes on with the cells that are not finished",
      });
    if (cell.state === "finished") continue;
    say(`${name}: FAILED: ${cell.why}`);
    failed.push(`${name}: ${cell.why}`);
    // What is measured on a pipeline that loses events is no recovery.
    if (cell.verdict === "INVALID") break;
  }
  if (failed.length > 0)
    throw new FaultlineError("FL_NODE_FAILED", `not measured: ${failed.join("; ")}`, {
      remedy: "read the run's verdict.json and logs; the same command measures these cells again",
    });
  return all;
}

function cellOf({ variant, fault, rounds }: CellOrder, { interrupted, why, reasons, ...outcome }: CellOutcome): Cell {
  const missing = interrupted ? "interrupted" : (why ?? whyUnfinished(rounds, outcome, reasons));
  return {
    ...outcome,
    variant,
    fault: fault.name,
    hold_ms: fault.holdMs,
    rounds_wanted: rounds,
    state: missing === null ? "finished" : interrupted ? "partial" : "failed",
    why: missing,
  };
}

function whyUnfinished(
  wanted: number,
  outcome: Pick<Cell, "verdict" | "rounds">,
  reasons: readonly string[],
): string | null {
  if (outcome.verdict !== "VALID") return [`the verdict is ${outcome.verdict ?? "not known"}`, ...reasons].join("; ");
  const { length } = counting(outcome);
  return length < wanted ? `${length} of ${wanted} rounds had an effect` : null;
}
