import { z } from "zod";

/**
 * - flowing: something was stored within the bound, or what waits is younger than that
 * - idle: everything in the log is stored
 * - stuck: it stands still although there is something to store
 * - unknown: Kafka or PostgreSQL does not say
 */
export const PARTITION_STATES = ["flowing", "idle", "stuck", "unknown"] as const;

const known = z.number().nullable();

const partitionHealthSchema = z.strictObject({
  partition: z.int().nonnegative(),
  state: z.enum(PARTITION_STATES),
  next_offset: known,
  log_end: known,
  /** How long ago the oldest record that is not stored was made; 0: there is none. */
  unstored_age_ms: known,
  /** For how long next_offset has stood still although there was something to store; 0: it does not. */
  standstill_ms: known,
  /** Why it is stuck or unknown, as one sentence: the sink's own error, where the driver reported one. */
  reason: z.string().nullable(),
});
export type PartitionHealth = z.infer<typeof partitionHealthSchema>;

/** `health.json`, replaced by the monitor with each sample: whether each partition is stored. */
export const healthSchema = z.strictObject({
  version: z.literal(1),
  at_ms: z.number(),
  partitions: z.array(partitionHealthSchema),
});
export type Health = z.infer<typeof healthSchema>;

/** An older file says nothing about now. */
export const HEALTH_FRESH_MS = 5_000;

/** A partition that stands still for so long is stuck. */
export const STUCK_AFTER_MS = 30_000;
/** The same, if the sink has reported an error of the partition since it stands still: no recovery takes so long with an error of its own. */
export const STUCK_WITH_ERROR_AFTER_MS = 5_000;

/** What is known of a partition at a time. */
export type PartitionFigures = {
  partition: number;
  nextOffset: number | null;
  logEnd: number | null;
  unstoredAgeMs: number | null;
  /** When next_offset was last seen to move, or first seen at all; ms since 1970. */
  movedMs: number;
  /** The last error that the sink reported of this partition. */
  error?: { text: string; at_ms: number } | undefined;
  /** Why figures are null. */
  unknownBecause?: string | undefined;
};

/** Judges one partition: the one rule for `status`, the page, metrics, health checks and `ready` (pure). */
export function partitionHealth(figures: PartitionFigures, atMs: number): PartitionHealth {
  const { partition, nextOffset, logEnd, unstoredAgeMs, movedMs, error } = figures;
  const head = { partition, next_offset: nextOffset, log_end: logEnd, unstored_age_ms: unstoredAgeMs };
  if (nextOffset === null || logEnd === null) {
    const reason = figures.unknownBecause ?? "Kafka or PostgreSQL does not answer";
    return { ...head, state: "unknown", standstill_ms: null, reason };
  }
  if (nextOffset >= logEnd) return { ...head, state: "idle", standstill_ms: 0, reason: null };
  const sinceMoved = Math.max(0, atMs - movedMs);
  const standstill_ms = unstoredAgeMs === null ? sinceMoved : Math.min(sinceMoved, unstoredAgeMs);
  const own = error !== undefined && error.at_ms > movedMs ? error.text : undefined;
  if (standstill_ms < (own === undefined ? STUCK_AFTER_MS : STUCK_WITH_ERROR_AFTER_MS))
    return { ...head, state: "flowing", standstill_ms, reason: null };
  return { ...head, state: "stuck", standstill_ms, reason: own ?? "no error was reported" };
}
