import { describe, expect, it } from "vitest";
import {
  healthSchema,
  partitionHealth,
  type PartitionFigures,
  STUCK_AFTER_MS,
  STUCK_WITH_ERROR_AFTER_MS,
} from "./health.ts";

const NOW = 1_000_000;

/** Something has waited since the partition moved last. */
function waiting(sinceMs: number, changes: Partial<PartitionFigures> = {}) {
  const figures = { partition: 3, nextOffset: 10, logEnd: 20, unstoredAgeMs: sinceMs, movedMs: NOW - sinceMs };
  return partitionHealth({ ...figures, ...changes }, NOW);
}

describe("a partition", () => {
  it("is idle when everything in the log is stored, however long ago that was", () => {
    expect(waiting(3_600_000, { nextOffset: 20, unstoredAgeMs: 0 })).toEqual({
      partition: 3,
      state: "idle",
      next_offset: 20,
      log_end: 20,
      unstored_age_ms: 0,
      standstill_ms: 0,
      reason: null,
    });
    // The sink may have moved on between the two questions.
    expect(waiting(60_000, { nextOffset: 21 }).state).toBe("idle");
  });

  it("is stuck from the bound on, not before", () => {
    expect(waiting(STUCK_AFTER_MS - 1)).toMatchObject({ state: "flowing", standstill_ms: 29_999, reason: null });
    expect(waiting(STUCK_AFTER_MS)).toMatchObject({
      state: "stuck",
      standstill_ms: 30_000,
      reason: "no error was reported",
    });
  });

  it("is stuck sooner if the sink has reported an error since it stands still", () => {
    const error = { text: "23505 duplicate key", at_ms: NOW - 1_000 };
    expect(waiting(STUCK_WITH_ERROR_AFTER_MS - 1, { error })).toMatchObject({ state: "flowing", reason: null });
    expect(waiting(STUCK_WITH_ERROR_AFTER_MS, { error })).toMatchObject({
      state: "stuck",
      reason: "23505 duplicate key",
    });
  });

  it("is not stuck by an error that is older than its last move", () => {
    const error = { text: "a connection broke", at_ms: NOW - 6_000 };
    expect(waiting(6_000, { error }).state).toBe("flowing");
    expect(waiting(STUCK_AFTER_MS, { error: { ...error, at_ms: NOW - 40_000 } }).reason).toBe("no error was reported");
  });

  it("does not stand still for longer than something waits", () => {
    // Nothing came for an hour, then an event.
    expect(waiting(3_600_000, { unstoredAgeMs: 200 })).toMatchObject({ state: "flowing", standstill_ms: 200 });
    // A backlog is old, but it moves.
    expect(waiting(100, { unstoredAgeMs: 90_000 })).toMatchObject({ state: "flowing", standstill_ms: 100 });
    // The age is unknown: since it moved.
    expect(waiting(31_000, { unstoredAgeMs: null })).toMatchObject({ state: "stuck", standstill_ms: 31_000 });
  });

  it("does not stand still in the future when a clock was corrected", () => {
    expect(waiting(-5_000, { unstoredAgeMs: null })).toMatchObject({ state: "flowing", standstill_ms: 0 });
  });

  it.each([
    ["Kafka", { logEnd: null }],
    ["PostgreSQL", { nextOffset: null }],
  ])("is unknown while %s does not say, whatever it was before", (name, silent) => {
    const unknownBecause = `${name} did not answer in time`;
    expect(waiting(60_000, { ...silent, unknownBecause })).toMatchObject({
      state: "unknown",
      standstill_ms: null,
      reason: unknownBecause,
    });
    expect(waiting(60_000, silent).reason).toBe("Kafka or PostgreSQL does not answer");
  });
});

it("fits its own format", () => {
  const partitions = [waiting(1), waiting(STUCK_AFTER_MS), waiting(1, { logEnd: null })];
  const health = { version: 1, at_ms: NOW, partitions };
  expect(healthSchema.parse(JSON.parse(JSON.stringify(health)))).toEqual(health);
});
