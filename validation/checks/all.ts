import { aggregateMismatch } from "./aggregates.ts";
import type { Check } from "./check.ts";
import { corrupt } from "./corruption.ts";
import { deadLetterMismatch } from "./dead-letters.ts";
import { duplicateLog, duplicateSink } from "./duplicates.ts";
import { failedVisible, foreignRun, phantom } from "./foreign.ts";
import { indeterminate, lostKafka, lostSink, unseen } from "./loss.ts";
import { offsetGap } from "./offsets.ts";
import { reorder } from "./order.ts";
import { tornBatch } from "./torn-batch.ts";
import { WITNESS_CHECKS } from "./witness.ts";

/** Every check. A test compares their kinds with contract/verdict.ts, because no check finds a kind that none of them has. */
export const CHECKS: readonly Check[] = [
  lostKafka,
  lostSink,
  unseen,
  indeterminate,
  phantom,
  foreignRun,
  failedVisible,
  duplicateSink,
  duplicateLog,
  corrupt,
  reorder,
  tornBatch,
  aggregateMismatch,
  offsetGap,
  deadLetterMismatch,
  ...WITNESS_CHECKS,
];
