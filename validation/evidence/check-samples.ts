import { FaultHistories, type FaultHistory } from "../../contract/fault-history.ts";
import type { JournalRecord } from "../../contract/journal.ts";
import { RUN_FILES } from "../../contract/run.ts";
import type { SeenSample } from "./run-evidence.ts";

/** A sample may tell of the journal as it was so much earlier, because the sampler and its sources are slow on a busy machine. */
const SLACK_MS = 5000;

/** @returns sentences: faults that a sample saw active and the journal has not so, and faults of the journal that no sample saw. */
export function sampleFaultProblems(samples: readonly SeenSample[], journal: readonly JournalRecord[]): string[] {
  const { faults } = FaultHistories.of(journal);
  const byId = new Map(faults.map((fault) => [fault.id, fault]));
  const problems = new Set<string>();
  for (const { at_ms: atMs, faults: ids } of samples)
    for (const id of ids)
      if (!wasActive(byId.get(id), atMs))
        problems.add(
          `${RUN_FILES.samples} saw fault ${id} active at a time when the fault journal has no such fault active`,
        );
  for (const { id, effective, probedMs = Infinity, healedMs = -Infinity } of faults) {
    if (effective !== true) continue;
    const during = samples.filter(({ at_ms }) => at_ms > probedMs + SLACK_MS && at_ms < healedMs - SLACK_MS);
    // One sample may have missed the journal.
    if (during.length >= 2 && !during.some((sample) => sample.faults.includes(id)))
      problems.add(
        `the fault journal has fault ${id} active, but no sample of that time in ${RUN_FILES.samples} saw it`,
      );
  }
  return [...problems];
}

function wasActive(fault: FaultHistory | undefined, atMs: number): boolean {
  if (fault?.effective !== true) return false;
  return atMs > (fault.probedMs ?? Infinity) - SLACK_MS && atMs < (fault.healedMs ?? Infinity) + SLACK_MS;
}
