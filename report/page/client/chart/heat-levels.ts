/**
 * From how much standstill on each colour begins. Below the first, samples and commits only interleave; the last is where a partition counts as
 * stuck (STUCK_AFTER_MS of contract/health.ts; a test holds the two together, because that module would bring its whole schema into the page).
 */
export const HEAT_FROM_MS: readonly number[] = [1_500, 4_000, 10_000, 30_000];
