import { FaultHistories } from "../../contract/fault-history.ts";
import type { JournalRecord } from "../../contract/journal.ts";
import type { Sample } from "../../contract/sample.ts";
import { timelineFault, VisibleAgain } from "./fault-bands.ts";
import { figuresOf, IS_UNKNOWN } from "./figures.ts";
import { LaneBuilder } from "./lanes.ts";
import { Standstill } from "./standstill.ts";
import { COLUMNS, emptyTimeline, GAP_MS, type PanelName, PANELS, type Timeline } from "./timeline.ts";

/**
 * Makes a timeline of samples and journal records, one by one, in the order of their files: for a run that goes on, and for one that is over.
 * Nothing is interpolated: what a sample does not say is null, and a time without samples is a gap.
 */
export class TimelineBuilder {
  readonly #timeline = emptyTimeline();
  readonly #histories = new FaultHistories();
  readonly #standstill = new Standstill();
  readonly #lanes = new LaneBuilder();
  readonly #visible = new VisibleAgain();
  #last: Sample | undefined;
  #producedMs: number | undefined;
  /** In the last sample. */
  readonly #wasUnknown = new Set<PanelName>();

  /** The last sample. */
  get last(): Sample | undefined {
    return this.#last;
  }

  /** A sample that is not later than the one before is left out: time goes one way. */
  addSample(sample: Sample): void {
    const before = this.#last;
    if (before !== undefined && sample.at_ms <= before.at_ms) return;
    const isAfterGap = before !== undefined && sample.at_ms - before.at_ms > GAP_MS;
    if (isAfterGap) this.#addGap(before.at_ms, sample.at_ms);
    const joined = isAfterGap ? undefined : before;
    const figures = figuresOf(sample, joined);
    const standstill = this.#standstill.add(sample);
    this.#addRow(
      sample.at_ms,
      COLUMNS.map((name) => figures[name]),
      standstill,
    );
    const fromMs = joined?.at_ms ?? sample.at_ms;
    for (const panel of PANELS) this.#addUnknown(panel, IS_UNKNOWN[panel](figures, sample), fromMs, sample.at_ms);
    if ((sample.acknowledged ?? 0) > 0) this.#producedMs ??= fromMs;
    this.#lanes.add(sample, !isAfterGap);
    this.#visible.add(sample, this.#histories.faults);
    this.#last = sample;
  }

  addRecord(record: JournalRecord): void {
    this.#histories.add(record);
  }

  /** The columns are the builder's own and grow with the next sample: copy them, or thin them, to keep them. */
  timeline(): Timeline {
    const { faults } = this.#histories;
    return {
      ...this.#timeline,
      start_ms: this.#producedMs ?? this.#timeline.at_ms[0] ?? faults[0]?.injectedMs ?? null,
      lanes: this.#lanes.lanes(faults),
      faults: faults.map((fault) => timelineFault(fault, this.#visible.of(fault.id))),
    };
  }

  #addGap(fromMs: number, toMs: number): void {
    this.#timeline.gaps.push([fromMs, toMs]);
    this.#addRow(
      fromMs + 1,
      COLUMNS.map(() => null),
      [],
    );
  }

  /** From the last sample that is known to the next one. */
  #addUnknown(panel: PanelName, isUnknown: boolean, fromMs: number, atMs: number): void {
    const stretches = this.#timeline.unknown[panel];
    const last = stretches.at(-1);
    if (last !== undefined && last[1] === fromMs && this.#wasUnknown.has(panel)) last[1] = atMs;
    else if (isUnknown) stretches.push([fromMs, atMs]);
    if (isUnknown) this.#wasUnknown.add(panel);
    else this.#wasUnknown.delete(panel);
  }

  #addRow(atMs: number, figures: readonly (number | null)[], standstill: readonly (number | null)[]): void {
    const { at_ms, columns, standstill_ms } = this.#timeline;
    // Partitions that are first heard of now were unknown before.
    while (standstill_ms.length < standstill.length) standstill_ms.push(at_ms.map(() => null));
    at_ms.push(atMs);
    for (const [index, name] of COLUMNS.entries()) columns[name].push(figures[index] ?? null);
    for (const [partition, column] of standstill_ms.entries()) column.push(standstill[partition] ?? null);
  }
}

/** A whole timeline at once. */
export function timelineOf(samples: Iterable<Sample>, records: Iterable<JournalRecord>): Timeline {
  const builder = new TimelineBuilder();
  // The faults come first: when events are visible again is found by the samples after them.
  for (const record of records) builder.addRecord(record);
  for (const sample of samples) builder.addSample(sample);
  return builder.timeline();
}
