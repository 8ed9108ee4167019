/** Points of one partition that are kept; beyond, every second one goes. */
const MOST_POINTS = 1024;

/** By partition: up to which sequence the log below an offset goes. So the witness knows which rows must be there below a next_offset. */
export class StoredSequences {
  readonly #points = new Map<number, { offset: number; sequence: number }[]>();
  readonly #below = new Map<number, number>();

  /** Below this offset the log has events up to this sequence, excluded. */
  add(partition: number, offset: number, sequence: number): void {
    const points = this.#points.get(partition) ?? [];
    points.push({ offset, sequence });
    this.#points.set(partition, points.length > MOST_POINTS ? points.filter((_, index) => index % 2 === 1) : points);
  }

  /** @returns the sequence behind the last event that stands below next_offset, as far as is known. It never goes back. */
  below(partition: number, nextOffset: number): number {
    const points = this.#points.get(partition) ?? [];
    const passed = points.findLastIndex(({ offset }) => offset <= nextOffset);
    for (const { sequence } of points.splice(0, passed + 1))
      this.#below.set(partition, Math.max(sequence, this.#below.get(partition) ?? 0));
    return this.#below.get(partition) ?? 0;
  }
}
