import { type Health, partitionHealth } from "../../contract/health.ts";
import type { DriverStatus } from "../../contract/job.ts";
import type { Sample } from "../../contract/sample.ts";

/** Where a partition stood when it was last seen to move. */
export type LastMove = { nextOffset: number; movedMs: number };

/** What the sink itself said of partitions: the last error of each. */
export type SinkErrors = DriverStatus["partitions"];

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
  judge(sample: Sample, errors: SinkErrors = []): Health {
    const { at_ms: atMs, next_offsets: nextOffsets, log_ends: logEnds, unstored_age_ms: ages } = sample;
    const seenMs = sample.answered_ms.sink ?? atMs;
    const silent = silentSources(sample);
    const partitions = Array.from({ length: this.#partitions }, (_, partition) => {
      const nextOffset = nextOffsets?.[partition] ?? null;
      const error = errors.find((item) => item.partition === partition);
      return partitionHealth(
        {
          partition,
          nextOffset,
          logEnd: logEnds?.[partition] ?? null,
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

function silentSources({ log_ends: logEnds, next_offsets: nextOffsets }: Sample): string[] {
  return [...(logEnds === null ? ["Kafka"] : []), ...(nextOffsets === null ? ["PostgreSQL"] : [])];
}
