import type { DigestMeasure } from "../../contract/digest.ts";
import type { PlannedFault } from "../../contract/plan.ts";
import { isKnown } from "../../report/measure/measure.ts";
import type { FaultRecovery } from "../../report/measure/recovery.ts";
import { measureOf } from "../../report/view/digest.ts";
import type { Round, RoundFigures } from "./results.ts";

type Measured = Omit<FaultRecovery, "undo">;

/**
 * The rounds of a run, one for each fault of its journal.
 * @param planned as the journal has them, by the fault's id.
 */
export function roundsOf(
  runId: string,
  faults: readonly Measured[],
  planned: ReadonlyMap<number, PlannedFault>,
): Round[] {
  return faults.flatMap((fault) => {
    const plan = planned.get(fault.id);
    if (plan === undefined) return [];
    return {
      run_id: runId,
      fault_id: fault.id,
      fault: plan,
      node: fault.node,
      node_kind: fault.nodeKind,
      injected_ms: Math.round(fault.injectedMs),
      effective: fault.effective === true,
      why: whyNot(fault),
      figures: figuresOf(fault),
    };
  });
}

function whyNot({ failed, effective, readyMs }: Measured): string | null {
  if (failed !== undefined) return failed;
  if (effective !== true) return "no effect was seen";
  return readyMs === undefined ? "the node did not answer again in time" : null;
}

function figuresOf(fault: Measured): RoundFigures {
  return {
    no_ack: measureOf(fault.ackGap.measure),
    no_rows: measureOf(fault.sinkGap.measure),
    visible_again: measureOf(fault.visibleAgain),
    detected: detectedOf(fault),
    taken_over: measureOf(fault.takenOver),
    // Commit times are exact; where they end too early, the lag in the samples tells it to about a second.
    caught_up: measureOf(isKnown(fault.upToDate) || !isKnown(fault.caughtUp) ? fault.upToDate : fault.caughtUp),
  };
}

/** A driver's successor claims the table. Of other nodes, another one takes the role; a worker, an executor and the producer have none. */
function detectedOf({ nodeKind, claimed, failedOver }: Measured): DigestMeasure {
  return measureOf(nodeKind === "driver" ? claimed : failedOver);
}
