import { aggregateMismatch } from "./aggregates.ts";
import type { Check } from "./check.ts";
import { corrupt } from "./corruption.ts";
import { deadLetterMismatch } from "./dead-letters.ts";
import { duplicateLog, duplicateSink } from "./duplicates.ts";
import { failedVisible, foreignRun, phantom } from "./foreign.ts";
import { indeterminate, lostKafka, lostSink, unseen } from "./loss.ts";
import { offsetGap } from "./offsets.ts";
import { reorder } from "./order.ts";

/** Every check. A kind that none of them has would never be found: a test holds them to contract/verdict.ts. */
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
  aggregateMismatch,
  offsetGap,
  deadLetterMismatch,
];
