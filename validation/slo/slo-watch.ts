import { eventNumber } from "../../contract/event.ts";
import type { FaultHistory } from "../../contract/fault-history.ts";
import type { LedgerRecord } from "../../contract/ledger.ts";
import type { ProducerStatus } from "../../contract/run.ts";
import type { Slo, SloBound } from "../../contract/slo.ts";
import type { LookUpRows } from "../read/commit-times.ts";
import { AcknowledgementGaps } from "./acknowledgement-gaps.ts";
import { calmLatency } from "./calm-latency.ts";
import { EventSample } from "./event-sample.ts";
import { FirstAfterFault } from "./first-after-fault.ts";
import { disturbance, gapFigure, type Measure } from "./measure.ts";
import { longestRowGap } from "./row-gaps.ts";
import { Sessions } from "./sessions.ts";
import { ProducerStarts } from "./turned-away.ts";
import { visibleAgain } from "./visible-again.ts";

/** Gaps below this share of the bound are not told apart. */
const FINE_SHARE = 0.1;

/**
 * Measures what the bounds of a run ask for. First give it the ledger's lines, then a way to look rows up. Without bounds it does nothing.
 */
export class SloWatch {
  readonly #slo: Slo;
  readonly #faults: readonly FaultHistory[];
  readonly #gaps = new AcknowledgementGaps();
  readonly #sessions = new Sessions();
  readonly #firsts: FirstAfterFault;
  readonly #sample = new EventSample();
  readonly #starts = new ProducerStarts();
  readonly #measures = new Map<SloBound, Measure>();

  /** @param faults those that had an effect. */
  constructor(slo: Slo, faults: readonly FaultHistory[]) {
    this.#slo = slo;
    this.#faults = faults;
    this.#firsts = new FirstAfterFault(faults);
  }

  /** Takes the ledger's lines in their order. */
  add(record: LedgerRecord): void {
    if (Object.keys(this.#slo).length === 0) return;
    for (const part of [this.#gaps, this.#sessions, this.#firsts, this.#sample, this.#starts]) part.add(record);
  }

  /** Measures what needs PostgreSQL's commit times. If it can't say, each of these figures has the reason. */
  async readRows(lookUp: LookUpRows): Promise<void> {
    const { without_rows_ms, visible_again_ms, calm_p99_ms } = this.#slo;
    if (without_rows_ms !== undefined)
      await this.#measure("without_rows_ms", () => this.#withoutRows(lookUp, without_rows_ms));
    if (visible_again_ms !== undefined) await this.#measure("visible_again_ms", () => this.#visibleAgain(lookUp));
    if (calm_p99_ms !== undefined) await this.#measure("calm_p99_ms", () => this.#calm(lookUp));
  }

  /** One for each bound. */
  measures(status: ProducerStatus | undefined): ReadonlyMap<SloBound, Measure> {
    const measures = new Map<SloBound, Measure>(this.#measures);
    const { turned_away_events } = this.#slo;
    const longest = this.#gaps.longest();
    measures.set(
      "without_acknowledgement_ms",
      longest === undefined ? { unknown: "no batch was attempted" } : gapFigure(longest, this.#faults, "by the ledger"),
    );
    if (turned_away_events !== undefined)
      measures.set("turned_away_events", this.#starts.turnedAway(status, turned_away_events));
    return measures;
  }

  async #measure(bound: SloBound, read: () => Promise<Measure>): Promise<void> {
    this.#measures.set(
      bound,
      await read().catch((error: Error) => ({ unknown: `PostgreSQL has no commit times: ${error.message}` })),
    );
  }

  async #withoutRows(lookUp: LookUpRows, limitMs: number): Promise<Measure> {
    const found = await longestRowGap(lookUp, this.#sessions.all(), limitMs * FINE_SHARE);
    if (found === undefined) return { unknown: "there is no row" };
    const figure = gapFigure(found.gap, this.#faults, "by commit times");
    const what = found.gap.isFirst ? `${figure.what}, before its first row` : figure.what;
    return { ...figure, what, worst: Math.round(found.upToMs) };
  }

  async #visibleAgain(lookUp: LookUpRows): Promise<Measure> {
    const [slowest] = (await visibleAgain(lookUp, this.#firsts.found)).toSorted((a, b) => b.ms - a.ms);
    if (slowest === undefined) return { unknown: "no event was created after a fault and became a row" };
    const { fault, partition, ms } = slowest;
    const worst = Math.round(ms);
    return { worst, least: worst - 1, error: "by commit times, to 1 ms", what: `on partition ${partition}`, fault };
  }

  async #calm(lookUp: LookUpRows): Promise<Measure> {
    const visible = await visibleAgain(lookUp, this.#firsts.found);
    const disturbed = [
      ...this.#faults.map(disturbance),
      ...visible.map(({ fault, ms }) => ({ fromMs: fault.injectedMs, toMs: fault.injectedMs + ms })),
    ];
    const partitions = [...new Set(this.#sessions.all().map(({ partition }) => partition))];
    const starts = await lookUp(
      partitions.map((partition) => ({
        low: eventNumber(partition, 0),
        high: eventNumber(partition + 1, 0) - 1,
        pick: "first",
      })),
    );
    const steadyMs = Math.max(...starts.map((row) => row?.committedMs ?? -Infinity));
    return calmLatency(lookUp, this.#sample.events, disturbed, steadyMs);
  }
}
