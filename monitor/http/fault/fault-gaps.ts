import { stat } from "node:fs/promises";
import { join } from "node:path";
import { RUN_FILES } from "../../../contract/run.ts";
import { isKnown, type Measure } from "../../../report/measure/measure.ts";
import { measureRun } from "../../../report/measure/measured-run.ts";
import type { FaultEvidence, MeasuredGap } from "../../../report/page/fault-evidence.ts";

/** Reading a larger ledger takes this process longer than a look may: the report has the figures. */
const MOST_LEDGER_BYTES = 128 << 20;

/** How long the fault kept success away, as the report measures it. Never throws: what can't be measured is unknown, with the reason. */
export async function gapsOf(directory: string, id: number): Promise<FaultEvidence["gaps"]> {
  try {
    const { size } = await stat(join(directory, RUN_FILES.ledger));
    if (size > MOST_LEDGER_BYTES) return unknown(`the ledger has ${size >> 20} MB; ./faultline report measures it`);
    const { recoveries } = await measureRun(directory);
    const found = recoveries.faults.find((fault) => fault.id === id);
    if (found === undefined) return unknown("the report does not have the fault");
    return {
      without_acknowledgement: gapOf(found.ackGap.measure),
      without_rows: gapOf(found.sinkGap.measure),
      visible_again: gapOf(found.visibleAgain),
    };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return unknown(code === "ENOENT" ? "the run has no ledger" : message);
  }
}

function unknown(why: string): FaultEvidence["gaps"] {
  return { without_acknowledgement: { unknown: why }, without_rows: { unknown: why }, visible_again: { unknown: why } };
}

function gapOf(measure: Measure): MeasuredGap {
  if (!isKnown(measure)) return measure;
  const { lowMs, highMs, open } = measure;
  return { ms: lowMs, error_ms: highMs - lowMs, is_open: open };
}
