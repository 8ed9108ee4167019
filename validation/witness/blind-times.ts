/** Between two looks there may be so much time. */
const BLIND_MS = 15_000;
/** More times of one source are left out. */
const MOST_TIMES = 20;

export type Time = { fromMs: number; toMs: number };

/** The times within sessions in which the witness did not see one source: the tables, or a partition of the log. */
export class BlindTimes {
  readonly #times: Time[] = [];
  #lookMs = 0;

  /** A session begins. */
  begin(atMs: number): void {
    this.#lookMs = atMs;
  }

  /** The source answered. */
  look(atMs: number): void {
    this.#times.push(...this.#since(atMs));
    this.#lookMs = Math.max(this.#lookMs, atMs);
  }

  /** The session ended. */
  end(atMs: number): void {
    this.#times.push(...this.#since(atMs));
  }

  /** @param nowMs the last line of the session that goes on. */
  until(nowMs: number): Time[] {
    return [...this.#times, ...this.#since(nowMs)];
  }

  #since(atMs: number): Time[] {
    return atMs - this.#lookMs > BLIND_MS && this.#times.length < MOST_TIMES
      ? [{ fromMs: this.#lookMs, toMs: atMs }]
      : [];
  }
}

/**
 * Puts the times of several partitions that meet together: an outage takes many at once.
 * @param lanes times of each partition. @returns in the order of their beginnings.
 */
export function together(lanes: readonly Time[][]): (Time & { partitions: number[] })[] {
  const found: (Time & { partitions: number[] })[] = [];
  const all = lanes.flatMap((times, partition) => times.map((time) => ({ ...time, partition })));
  for (const { fromMs, toMs, partition } of all.toSorted((a, b) => a.fromMs - b.fromMs)) {
    const last = found.at(-1);
    if (last === undefined || fromMs > last.toMs) found.push({ fromMs, toMs, partitions: [partition] });
    else {
      last.toMs = Math.max(last.toMs, toMs);
      if (!last.partitions.includes(partition)) last.partitions.push(partition);
    }
  }
  for (const { partitions } of found) partitions.sort((a, b) => a - b);
  return found;
}
