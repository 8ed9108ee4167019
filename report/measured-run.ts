import { faultHistories } from "./fault-history.ts";
import { measureRecoveries, type Recoveries } from "./recovery.ts";
import { readRunEvidence, type RunEvidence } from "./run-evidence.ts";

/** A run, read and measured: what the sections are written from. */
export type MeasuredRun = RunEvidence & {
  recoveries: Recoveries;
  /** Times in the report are shown after this: the producer's first start, or else the run's creation. */
  startMs: number;
  /** The last time that any file tells. */
  endMs: number;
};

/** Reads a run directory and measures its recoveries. @throws FaultlineError FL_RUN_MISSING */
export async function measureRun(runDirectory: string): Promise<MeasuredRun> {
  const evidence = await readRunEvidence(runDirectory);
  const samples = evidence.samples.value?.samples ?? [];
  const journal = evidence.journal.value?.records ?? [];
  const ledger = evidence.ledger.value;
  const endMs = Math.max(ledger?.lastMs ?? 0, samples.at(-1)?.at_ms ?? 0, journal.at(-1)?.at_ms ?? 0);
  const startMs = ledger?.openedMs ?? evidence.run.value?.createdMs ?? samples[0]?.at_ms ?? journal[0]?.at_ms ?? 0;
  return { ...evidence, startMs, endMs, recoveries: measureRecoveries(faultHistories(journal), { ledger, samples, endMs }) };
}
