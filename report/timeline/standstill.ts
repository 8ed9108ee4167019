import { partitionHealth } from "../../contract/health.ts";
import type { Sample } from "../../contract/sample.ts";

/** Follows next_offset of each partition, and tells for how long it has stood still by the rule of contract/health.ts. */
export class Standstill {
  readonly #partitions: { next: number; movedMs: number }[] = [];

  /** @returns per partition, ms; null: unknown. Empty while nobody knows how many partitions there are. */
  add({ at_ms, next_offsets, log_ends, unstored_age_ms }: Sample): (number | null)[] {
    const count = Math.max(this.#partitions.length, next_offsets?.length ?? 0);
    return Array.from({ length: count }, (_, partition) => {
      const next = next_offsets?.[partition];
      if (next === undefined) return null;
      const seen = (this.#partitions[partition] ??= { next, movedMs: at_ms });
      if (next !== seen.next) this.#partitions[partition] = { next, movedMs: at_ms };
      const { standstill_ms } = partitionHealth(
        {
          partition,
          nextOffset: next,
          logEnd: log_ends?.[partition] ?? null,
          unstoredAgeMs: unstored_age_ms?.[partition] ?? null,
          movedMs: this.#partitions[partition]?.movedMs ?? at_ms,
        },
        at_ms,
      );
      return standstill_ms;
    });
  }
}
