import { measureRecoveries, type Recoveries } from "./recovery.ts";
import type { Calm } from "./throughput.ts";
import { samplesOfRun } from "./run-samples.ts";
import { readRunEvidence, type RunEvidence } from "./run-evidence.ts";

/** A run, read and measured: the source of every section of the report. */
export type MeasuredRun = RunEvidence & {
  recoveries: Recoveries;
  /** Times in the report are relative to this: the producer's first start, or else the run's creation. */
  startMs: number;
  /** The last time in any file. */
  endMs: number;
};

/** What of the run was calm. */
export function calmOf({ recoveries, ledger }: MeasuredRun): Calm {
  return { windows: recoveries.windows, steadyMs: recoveries.steadyMs, pauses: ledger.value?.pauses ?? [] };
}

/** Reads a run directory and measures its recoveries. @throws FaultlineError FL_RUN_MISSING */
export async function measureRun(runDirectory: string): Promise<MeasuredRun> {
  const read = await readRunEvidence(runDirectory);
  const { records: journal = [], histories } = read.journal.value ?? {};
  const ledger = read.ledger.value;
  const samples = samplesOfRun(read.samples.value?.samples ?? [], ledger, journal);
  const evidence =
    read.samples.value === undefined ? read : { ...read, samples: { value: { ...read.samples.value, samples } } };
  const endMs = Math.max(ledger?.lastMs ?? 0, samples.at(-1)?.at_ms ?? 0, journal.at(-1)?.at_ms ?? 0);
  const startMs = ledger?.openedMs ?? evidence.run.value?.created_ms ?? samples[0]?.at_ms ?? journal[0]?.at_ms ?? 0;
  return {
    ...evidence,
    startMs,
    endMs,
    recoveries: measureRecoveries(histories?.faults ?? [], {
      ledger,
      samples,
      watch: read.watch.value,
      commits: read.commits.value,
      endMs,
    }),
  };
}
