import type { WitnessRecord, WitnessOf } from "../../contract/witness.ts";
import { BlindTimes, type Time, together } from "./blind-times.ts";
import { RowReadings } from "./row-readings.ts";
import { Watermark } from "./watermark.ts";

/** What the witness read of the offsets [from, to). */
export type LogSeen = { from: number; to: number; records: number; digest: string; atMs: number };

/** The rows of a range in one snapshot. */
export type RowsFound = { rows: number; digest: string };

/** One monitor's time. `toMs`: its last line. */
export type WitnessSession = { session: number; fromMs: number; toMs: number };

/** Snapshots that disagreed, beyond this many, are only counted. */
const MOST_TORN = 20;

/** One partition. */
export class LaneSeen {
  readonly log: LogSeen[] = [];
  readonly nextOffset = new Watermark();
  readonly generation = new Watermark();
  readonly highWatermark = new Watermark();
  readonly rows = new Map<string, RowReadings>();
  readonly unread = new BlindTimes();
}

/** All that the lines of a witness file say, in their order: what the end of the run is held against. Its size grows with the ranges that were read. */
export class WitnessSeen {
  readonly lanes: LaneSeen[];
  readonly sessions: WitnessSession[] = [];
  readonly torn = { count: 0, examples: [] as { atMs: number; problems: string[] }[] };
  /** Snapshots with totals. */
  snapshots = 0;
  readonly #tables = new BlindTimes();
  /** The latest of all lines. */
  #timeline = 0;
  /** What the validator found at the end, by rangeKey; without an entry: not read. */
  readonly end = { log: new Map<string, { records: number; digest: string }>(), rows: new Map<string, RowsFound>() };

  constructor(partitions: number) {
    this.lanes = Array.from({ length: partitions }, () => new LaneSeen());
  }

  /** Records that were read of the log. */
  get records(): number {
    return this.lanes.reduce((sum, { log }) => sum + log.reduce((of, { records }) => of + records, 0), 0);
  }

  /** Times within a session in which the tables were not read. */
  get withoutTables(): Time[] {
    return this.#tables.until(this.#lastMs);
  }

  /** Times within a session in which partitions of the log were not read. */
  get withoutLog(): (Time & { partitions: number[] })[] {
    return together(this.lanes.map(({ unread }) => unread.until(this.#lastMs)));
  }

  get #lastMs(): number {
    return this.sessions.at(-1)?.toMs ?? 0;
  }

  /** Takes the lines that can be read, in their order. */
  add(record: WitnessRecord): void {
    if (record.t === "open") return this.#open(record);
    const session = this.sessions.at(-1);
    if (session !== undefined) session.toMs = Math.max(session.toMs, record.at_ms);
    if (record.t === "close") return;
    if (record.t === "offsets" || record.t === "rows" || record.t === "totals") this.#tables.look(record.at_ms);
    if (record.t === "totals") return this.#totals(record);
    // Of a former primary that goes on beside the promoted server: what it says binds nobody any more.
    if ("timeline" in record && record.timeline !== undefined) {
      if (record.timeline < this.#timeline) return;
      this.#timeline = record.timeline;
    }
    const lane = this.lanes[record.partition];
    if (lane === undefined) return;
    const atMs = record.at_ms;
    if (record.t === "ends" || record.t === "log") lane.unread.look(atMs);
    if (record.t === "ends") lane.highWatermark.add(record.high_watermark, atMs);
    else if (record.t === "log") {
      const { from, to, records, digest } = record;
      lane.log.push({ from, to, records, digest, atMs });
    } else if (record.t === "offsets") {
      lane.nextOffset.add(record.next_offset, atMs, record.timeline);
      lane.generation.add(record.generation, atMs, record.timeline);
    } else this.#rows(lane, record);
  }

  #rows(lane: LaneSeen, { partition, from, to, rows, digest, timeline, at_ms: atMs }: WitnessOf<"rows">): void {
    const key = rangeKey(partition, { from, to });
    let readings = lane.rows.get(key);
    if (readings === undefined) lane.rows.set(key, (readings = new RowReadings(from, to)));
    readings.add({ rows, digest, timeline, atMs, nextOffset: lane.nextOffset.at(atMs, timeline) });
  }

  #totals({ agree, problems, at_ms: atMs }: WitnessOf<"totals">): void {
    this.snapshots += 1;
    if (agree) return;
    this.torn.count += 1;
    if (this.torn.examples.length < MOST_TORN) this.torn.examples.push({ atMs, problems });
  }

  #open({ session, at_ms: atMs }: WitnessOf<"open">): void {
    for (const source of [this.#tables, ...this.lanes.map(({ unread }) => unread)]) {
      if (this.sessions.length > 0) source.end(this.#lastMs);
      source.begin(atMs);
    }
    this.sessions.push({ session, fromMs: atMs, toMs: atMs });
  }
}

/** Names a range of offsets or sequences of a partition. */
export function rangeKey(partition: number, { from, to }: { from: number; to: number }): string {
  return `${partition}:${from}:${to}`;
}
