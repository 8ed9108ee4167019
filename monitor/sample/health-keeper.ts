import { type Health, partitionHealth } from "../../contract/health.ts";
import type { DriverStatus } from "../../contract/job.ts";
import type { Sample } from "../../contract/sample.ts";

/** Where a partition stood when it was last seen to move. */
export type LastMove = { nextOffset: number; movedMs: number };

/** What a sample does not say: log ends where only some leaders answered, and the sink's last error of each partition. */
export type BesideSample = { logEnds: readonly (number | null)[] | null; errors: DriverStatus["partitions"] };

/** Follows since when each partition stands where it stands, and judges by the one rule of contract/health.ts. */
export class HealthKeeper {
  readonly #partitions: number;
  readonly #moves: Map<number, LastMove>;

  /** @param moves what was known before this process started, so that a new monitor does not forget for how long a partition has stood still. */
  constructor(partitions: number, moves: ReadonlyMap<number, LastMove> = new Map()) {
    this.#partitions = partitions;
    this.#moves = new Map(moves);
  }

  /** @returns the health at the time of the sample. */
  judge(sample: Sample, { logEnds, errors }: BesideSample): Health {
    const { at_ms: atMs, next_offsets: nextOffsets, unstored_age_ms: ages } = sample;
    const seenMs = sample.answered_ms.sink ?? atMs;
    const partitions = Array.from({ length: this.#partitions }, (_, partition) => {
      const nextOffset = nextOffsets?.[partition] ?? null;
      const logEnd = logEnds?.[partition] ?? null;
      const silent = [...(logEnd === null ? ["Kafka"] : []), ...(nextOffset === null ? ["PostgreSQL"] : [])];
      const error = errors.find((item) => item.partition === partition);
      return partitionHealth(
        {
          partition,
          nextOffset,
          logEnd,
          unstoredAgeMs: ages?.[partition] ?? null,
          movedMs: this.#movedMs(partition, nextOffset, seenMs),
          error: error && { text: error.error, at_ms: error.at_ms },
          unknownBecause: silent.length === 0 ? undefined : `${silent.join(" and ")} did not answer in time`,
        },
        atMs,
      );
    });
    return { version: 1, at_ms: atMs, partitions };
  }

  #movedMs(partition: number, nextOffset: number | null, seenMs: number): number {
    const last = this.#moves.get(partition);
    if (nextOffset === null || last?.nextOffset === nextOffset) return last?.movedMs ?? seenMs;
    this.#moves.set(partition, { nextOffset, movedMs: seenMs });
    return seenMs;
  }
}
