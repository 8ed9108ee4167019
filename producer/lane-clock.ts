/** The source of a lane's events: it says which events are due, and when. Times are ms since 1970 and may have a fraction. */
export type BirthClock = {
  /** Makes all events that are due by now ("births"). */
  advance(nowMs: number): void;
  /** Events that are born and not yet taken. */
  readonly backlog: number;
  /** Events that were due while the backlog was full: they never exist. */
  readonly throttled: number;
  /** When to send the next batch: `lingerMs` after its first event was due, or at once if `full` events wait. */
  readyAtMs(lingerMs: number, full: number, nowMs: number): number;
  /** The oldest born events, at most `max` (≥ 1), with evenly spaced due times; undefined if none is born. Takes no event. */
  peek(max: number, nowMs: number): BornEvents | undefined;
  /** Takes `count` events, at most as many as the last peek returned. */
  take(count: number): void;
  /** Until `resume`, no event is born and no batch is ready. Born events stay. A second call has no effect. */
  quiesce(nowMs: number): void;
  /** Births continue with the events due after now. Events that were due while quiesced never exist, and are not counted as throttled. */
  resume(nowMs: number): void;
};

export type BornEvents = { count: number; firstMs: number; lastMs: number };

/** After a full backlog, births begin again when this share of it is left: few long gaps instead of one for each batch taken. */
const RESUME_SHARE = 0.8;

/**
 * A lane's share of the rate. Event k is due at startMs + k · intervalMs and is *born* then, sent or not: when sends stall, the backlog grows and the events
 * keep their due times (no coordinated omission). The backlog is a few runs of indices, never objects: memory stays flat.
 */
export class LaneClock implements BirthClock {
  readonly #startMs: number;
  readonly #intervalMs: number;
  readonly #backlogMax: number;
  /** Runs of consecutive events, oldest first; a new run begins where events were turned away. */
  readonly #runs: { first: number; count: number }[] = [];
  #next = 0;
  #suspended = false;
  #quiesced = false;
  #backlog = 0;
  #throttled = 0;

  constructor(options: { startMs: number; intervalMs: number; backlogMax: number }) {
    this.#startMs = options.startMs;
    this.#intervalMs = options.intervalMs;
    this.#backlogMax = options.backlogMax;
  }

  get backlog(): number {
    return this.#backlog;
  }

  get throttled(): number {
    return this.#throttled;
  }

  advance(nowMs: number): void {
    const due = Math.floor((nowMs - this.#startMs) / this.#intervalMs) + 1 - this.#next;
    if (due <= 0) return;
    if (this.#quiesced) {
      this.#next += due;
      return;
    }
    const born = this.#suspended ? 0 : Math.min(due, this.#backlogMax - this.#backlog);
    if (born > 0) {
      const last = this.#runs.at(-1);
      if (last !== undefined && last.first + last.count === this.#next) last.count += born;
      else this.#runs.push({ first: this.#next, count: born });
      this.#backlog += born;
    }
    this.#next += due;
    this.#throttled += due - born;
    // Whatever came due while suspended is turned away before births begin again, so that due times stay in order.
    this.#suspended =
      this.#suspended || born < due
        ? this.#backlog > Math.min(this.#backlogMax - 1, this.#backlogMax * RESUME_SHARE)
        : false;
  }

  readyAtMs(lingerMs: number, full: number, nowMs: number): number {
    if (this.#quiesced) return Infinity;
    if (this.#backlog >= full) return nowMs;
    return this.#dueMs(this.#runs[0]?.first ?? this.#next) + lingerMs;
  }

  peek(max: number): BornEvents | undefined {
    const run = this.#runs[0];
    if (run === undefined) return undefined;
    const count = Math.min(max, run.count);
    return {
      count,
      firstMs: Math.floor(this.#dueMs(run.first)),
      lastMs: Math.floor(this.#dueMs(run.first + count - 1)),
    };
  }

  take(count: number): void {
    const run = this.#runs[0];
    if (run === undefined || count > run.count)
      throw new RangeError(`can't take ${count} of ${run?.count ?? 0} events`);
    run.first += count;
    run.count -= count;
    this.#backlog -= count;
    if (run.count === 0) this.#runs.shift();
  }

  quiesce(nowMs: number): void {
    this.advance(nowMs);
    this.#quiesced = true;
  }

  resume(nowMs: number): void {
    this.advance(nowMs);
    this.#quiesced = false;
  }

  #dueMs(index: number): number {
    return this.#startMs + index * this.#intervalMs;
  }
}

/** As fast as possible: events are born when they are taken. */
export class FullSpeed implements BirthClock {
  readonly backlog = 0;
  readonly throttled = 0;
  #quiesced = false;

  advance(): void {}

  readyAtMs(_lingerMs: number, _full: number, nowMs: number): number {
    return this.#quiesced ? Infinity : nowMs;
  }

  peek(max: number, nowMs: number): BornEvents {
    return { count: max, firstMs: Math.floor(nowMs), lastMs: Math.floor(nowMs) };
  }

  take(): void {}

  quiesce(): void {
    this.#quiesced = true;
  }

  resume(): void {
    this.#quiesced = false;
  }
}
