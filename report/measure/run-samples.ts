import type { JournalRecord } from "../../contract/journal.ts";
import type { Sample } from "../../contract/sample.ts";
import type { LedgerHistory } from "./ledger-history.ts";

/** Samples shortly before the first event show what the run began from. */
const BEFORE_MS = 2_000;

/**
 * The monitor samples a stack as long as it is up, also while nothing happens in it.
 * @returns the samples of the run: from its first event or fault until everything is stored after the last one. All samples, if there was neither,
 *   or if it never came to that.
 */
export function samplesOfRun(
  samples: readonly Sample[],
  ledger: LedgerHistory | undefined,
  journal: readonly JournalRecord[],
): Sample[] {
  const firstMs = Math.min(ledger?.openedMs ?? Infinity, journal[0]?.at_ms ?? Infinity);
  const lastMs = Math.max(ledger?.lastMs ?? -Infinity, journal.at(-1)?.at_ms ?? -Infinity);
  if (firstMs === Infinity) return [...samples];
  const end = samples.findIndex(({ at_ms, lag }) => at_ms > lastMs && lag === 0);
  const until = end < 0 ? samples.length : end + 1;
  return samples.slice(0, until).filter(({ at_ms }) => at_ms >= firstMs - BEFORE_MS);
}
