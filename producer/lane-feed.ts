import type { EventBatch } from "./event-batch.ts";
import type { BirthClock } from "./lane-clock.ts";
import type { Batch } from "./ledger-replay.ts";

/** The number of new events that the run may still attempt, over all lanes. */
export type EventBudget = { remaining: number };

export type FeedSettings = {
  clock: BirthClock;
  budget: EventBudget;
  batchMax: number;
  lingerMs: number;
  /** The topic's limit for a record batch, in bytes. */
  batchBytesMax: number;
  build: (batch: Omit<Batch, "attempts">) => EventBatch;
  nowMs: () => number;
};

/** Cuts a lane's born events into batches that fit the topic's limit. A batch's size and times are fixed before the ledger records it. */
export class LaneFeed {
  readonly #settings: FeedSettings;
  #batchBytesMax: number;
  #bytesPerEvent = 1;
  #ended = false;
  #wake: (() => void) | undefined;
  #built: { sequence: number; events: EventBatch } | undefined;

  constructor(settings: FeedSettings) {
    this.#settings = settings;
    this.#batchBytesMax = settings.batchBytesMax;
  }

  /** Ends births and batches. Events that were born and never attempted are dropped. */
  end(): void {
    this.#ended = true;
    this.wake();
  }

  /** The lane waits for a batch, and none can be cut now. A lane asks only when none of its batches is in doubt. */
  get isAwaited(): boolean {
    return this.#wake !== undefined;
  }

  /** Checks again, for example because the budget is used up. */
  wake(): void {
    this.#wake?.();
  }

  /** Call this when the broker found a batch too large although it was within the topic's limit. */
  halveBatchBytes(): void {
    this.#batchBytesMax = Math.max(1, Math.floor(this.#batchBytesMax / 2));
  }

  /** Waits for the next batch. @returns undefined when there will be no more. */
  async next(sequence: number): Promise<Batch | undefined> {
    const { clock, budget, batchMax, lingerMs, nowMs } = this.#settings;
    while (!this.#ended && budget.remaining > 0) {
      const now = nowMs();
      clock.advance(now);
      const max = Math.max(
        1,
        Math.min(batchMax, budget.remaining, Math.floor((this.#batchBytesMax * 0.97) / this.#bytesPerEvent)),
      );
      const readyAtMs = clock.readyAtMs(lingerMs, max, now);
      const batch = readyAtMs <= now ? this.#cut(sequence, max, now) : undefined;
      if (batch !== undefined) return batch;
      await this.#sleep(Math.max(1, readyAtMs - now));
    }
    return undefined;
  }

  /** The batch's records; they are made again unless it is the last batch that was cut. */
  events(batch: Batch): EventBatch {
    if (this.#built?.sequence !== batch.sequence)
      this.#built = { sequence: batch.sequence, events: this.#settings.build(batch) };
    return this.#built.events;
  }

  #cut(sequence: number, max: number, nowMs: number): Batch | undefined {
    const { clock, budget, build } = this.#settings;
    for (let most = max; ;) {
      const born = clock.peek(most, nowMs);
      if (born === undefined) return undefined;
      const events = build({ sequence, ...born });
      this.#bytesPerEvent = events.bytes / born.count;
      if (events.bytes > this.#batchBytesMax && born.count > 1) {
        most = Math.min(born.count - 1, Math.max(1, Math.floor((this.#batchBytesMax * 0.97) / this.#bytesPerEvent)));
        continue;
      }
      clock.take(born.count);
      budget.remaining -= born.count;
      this.#built = { sequence, events };
      return { sequence, ...born, attempts: 0 };
    }
  }

  async #sleep(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, Math.min(ms, 1_000));
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = undefined;
  }
}
