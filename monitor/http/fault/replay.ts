import type { JournalRecord } from "../../../contract/journal.ts";
import type { Plan } from "../../../contract/plan.ts";
import type { FaultEvidence } from "../../../report/page/fault-evidence.ts";

/** The engine waits until the nodes are ready before it injects; a fault that does not fit into the plan then is not run. */
const ROOM_MS = 60_000;
/** The least interval of a plan, so that its duration has room for one fault. */
const INTERVAL_S = 10;

/** Commands for a shell. The names come from a file that anyone may have written, so they are quoted. */
export function replayOf({
  id,
  fault,
  node,
  node_kind,
}: Extract<JournalRecord, { t: "planned" }>): FaultEvidence["replay"] {
  const plan: Plan = {
    version: 1,
    seed: 0,
    duration_ms: fault.hold_ms + ROOM_MS,
    kinds: [node_kind],
    faults: [{ ...fault, at_ms: 0 }],
  };
  const file = `fault-${id}.json`;
  const target = "executor_of" in fault.target ? "executor" : node;
  return {
    exact: `echo ${quoted(JSON.stringify(plan))} >${file} && ./faultline chaos --plan ${file}`,
    similar: `./faultline chaos --faults ${quoted(fault.kind)} --targets ${quoted(target)} --duration ${INTERVAL_S} --interval ${INTERVAL_S}`,
  };
}

/** As one word of a shell. */
function quoted(text: string): string {
  return /^[\w.:-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
