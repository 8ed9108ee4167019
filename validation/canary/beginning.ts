import type { LedgerRecord } from "../../contract/ledger.ts";
import type { Captured, PartitionTask } from "../engine/partition-reading.ts";
import type { Histories } from "../histories/histories.ts";
import { CopyGroup } from "../sinks/copy-group.ts";
import { timestampText } from "../sinks/copy-text.ts";
import { bytesOf } from "./lines.ts";
import type { RunBytes } from "./run-bytes.ts";
import { readRunBytes } from "./run-bytes.ts";

/** So many acknowledged events are enough for every kind of anomaly to find its place, and few enough to be read often. */
const EVENTS = 3000;
/** A producer that runs as fast as it can has sent so many before the first acknowledgement comes. */
const MOST_EVENTS = 60_000;

/**
 * The beginning of a run: the first lines of its ledger, and for each partition the part of log and table that these lines speak of. It is a
 * small run of its own, in the very bytes that were read.
 */
export class Beginning {
  /** What to keep of each partition, known when the ledger was read. */
  readonly captures: PartitionTask["capture"][];
  readonly #lines: string[] = [];
  #attempted = 0;
  #acknowledged = 0;

  constructor(partitions: number) {
    this.captures = Array.from({ length: partitions }, () => ({ sequences: 0, offsets: 0 }));
  }

  /** Takes the ledger's lines in their order, without their "\n". */
  add(line: string, record: LedgerRecord | undefined): void {
    if (this.#acknowledged >= EVENTS || this.#attempted >= MOST_EVENTS) return;
    this.#lines.push(line);
    const capture = record !== undefined && "p" in record ? this.captures[record.p] : undefined;
    if (record === undefined || capture === undefined || !("p" in record)) return;
    if (record.t === "attempt" && record.a === 1) this.#attempted += record.n;
    if (record.t === "ack") this.#acknowledged += record.n;
    if (record.t === "attempt") capture.sequences = Math.max(capture.sequences, record.s + record.n);
    if (record.t === "ack") capture.offsets = Math.max(capture.offsets, record.o + record.n);
  }

  /** How many events a reading of it takes. */
  get events(): number {
    return this.#attempted;
  }

  /**
   * Makes a run of it. The tables of offsets and groups have figures of the whole run; here they have those of the beginning, recounted.
   * @param topic as it stands in the tables.
   */
  runBytes({ pipeline, settings, partitions }: Histories, topic: string, captured: Map<number, Captured>): RunBytes {
    const log = partitions.map(({ log: range }, partition) => {
      const start = range?.start ?? 0;
      const end = Math.max(start, Math.min(this.captures[partition]?.offsets ?? 0, range?.next ?? 0));
      // What comes from another thread is a plain Uint8Array.
      return { start, end, batches: Buffer.from(captured.get(partition)?.batches ?? []) };
    });
    // The columns that tell who wrote the row, and when: as of a sink that began now.
    const now = timestampText(new Date().toISOString());
    const letters = [...captured.values()].flatMap((item) => item.letters);
    const offsets = (figures: (partition: number) => readonly number[]) =>
      bytesOf(
        log.map(({ start, end }, partition) =>
          [pipeline.table, topic, partition, start, end, ...figures(partition), 1, "\\N", now].join("\t"),
        ),
      );
    const recounted = readRunBytes(pipeline, settings, topic, {
      ledger: bytesOf(this.#lines),
      rows: Buffer.alloc(0),
      letters: bytesOf(letters),
      offsets: offsets(() => [0, 0, 0]),
      groups: pipeline.aggregates.map(() => Buffer.alloc(0)),
      log,
    }).histories;
    // A row of the beginning may stem from a record that is in the log only later.
    const rows = [...captured].flatMap(([partition, item]) =>
      item.rows.filter(({ sequence }) => recounted.partitions[partition]?.due.has(sequence)).map(({ line }) => line),
    );
    return {
      ledger: bytesOf(this.#lines),
      rows: bytesOf(rows),
      letters: bytesOf(letters),
      offsets: offsets((partition) => {
        const { dueRows = 0, dueDuplicates = 0, dueLetters = 0 } = recounted.partitions[partition] ?? {};
        return [dueRows, dueDuplicates, dueLetters];
      }),
      groups: recounted.aggregates.map((table) => {
        const spelling = new CopyGroup(pipeline, table.spec);
        return bytesOf(Array.from(table.computed(), (group) => spelling.spell(group)));
      }),
      log,
    };
  }
}
