import { type Health, HEALTH_FRESH_MS } from "../../../../contract/health.ts";
import type { JournalRecord } from "../../../../contract/journal.ts";
import type { ProducerStatus, Run } from "../../../../contract/run.ts";
import type { Sample } from "../../../../contract/sample.ts";
import type { VerdictFile } from "../../../../contract/verdict.ts";
import { TimelineBuilder } from "../../../timeline/builder.ts";
import { type PackedSample, unpacked } from "../../packed-samples.ts";
import { GAP_MS, type Timeline } from "../../../timeline/timeline.ts";

/** The run's state files; null: not there, or nobody can read it. */
export type States = {
  run: Run | null;
  health: Health | null;
  verdict: VerdictFile | null;
  producer: ProducerStatus | null;
};

const NO_STATES: States = { run: null, health: null, verdict: null, producer: null };
/** A run without a verdict whose last sample is older is over; sooner, if its producer has ended in order. */
const OVER_AFTER_MS = 120_000;
const DONE_AFTER_MS = 10_000;

/** What the page knows of the run, from the server's events. */
export class RunModel {
  #builder = new TimelineBuilder();
  states: States = { ...NO_STATES };
  /** Samples that came, also such as were known already. */
  received = 0;
  /** Lines that the server could not read. */
  unreadable = 0;
  /** The server's clock minus this one's. */
  #skewMs = 0;

  addSamples({ samples, unreadable }: { samples: PackedSample[]; unreadable: number }): void {
    this.received += samples.length;
    for (const sample of unpacked(samples)) this.#builder.addSample(sample);
    this.unreadable += unreadable;
  }

  addRecords({ records, unreadable }: { records: JournalRecord[]; unreadable: number }): void {
    for (const record of records) this.#builder.addRecord(record);
    this.unreadable += unreadable;
  }

  setState<Name extends keyof States>({ name, value }: { name: Name; value: States[Name] }): void {
    this.states[name] = value;
  }

  setNow({ now_ms }: { now_ms: number }): void {
    this.#skewMs = now_ms - Date.now();
  }

  /** The files are others: what was known is of no run any more. */
  reset(): void {
    this.#builder = new TimelineBuilder();
    this.states = { ...NO_STATES };
    this.unreadable = 0;
    this.received = 0;
  }

  get last(): Sample | undefined {
    return this.#builder.last;
  }

  /** By the server's clock. */
  get nowMs(): number {
    return Date.now() + this.#skewMs;
  }

  /** The run goes on, as far as anyone can tell. */
  get isLive(): boolean {
    const { last } = this;
    if (this.states.verdict !== null || last === undefined) return false;
    return this.nowMs - last.at_ms < (this.states.producer?.state === "done" ? DONE_AFTER_MS : OVER_AFTER_MS);
  }

  /** What is known of each partition: nothing, while the run goes on and the file is older than that. */
  get partitions(): Health["partitions"] {
    const { health } = this.states;
    if (health === null || (this.isLive && this.nowMs - health.at_ms > HEALTH_FRESH_MS)) return [];
    return health.partitions;
  }

  /** With the time since the last sample as a gap, if the run goes on. */
  timeline(): Timeline {
    const timeline = this.#builder.timeline();
    const { last, nowMs } = this;
    if (!this.isLive || last === undefined || nowMs - last.at_ms <= GAP_MS) return timeline;
    return { ...timeline, gaps: [...timeline.gaps, [last.at_ms, nowMs]] };
  }
}
