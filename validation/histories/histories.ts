import type { EventPlace, EventSettings, EventSource } from "../../contract/event.ts";
import { eventSource, parseEventKey } from "../../contract/event.ts";
import type { Pipeline } from "../../contract/pipeline.ts";
import { AggregateTable } from "./aggregate-table.ts";
import { Batches } from "../truth/batches.ts";
import { Bitmap, CountedBitmap } from "./bitmap.ts";
import type { PackedBitmap, PackedCountedBitmap } from "./bitmap.ts";
import { DeadLetters } from "./dead-letters.ts";
import type { PackedLetters } from "./dead-letters.ts";
import { Strays } from "./strays.ts";
import type { BucketDigest } from "../witness/batch-digests.ts";
import type { WitnessSeen } from "../witness/witness-seen.ts";

/** A partition's line of sink_offsets. */
export type SinkOffset = {
  startOffset: number;
  nextOffset: number;
  rows: number;
  duplicates: number;
  deadLetters: number;
  generation?: number;
};

/** A partition's log as it was read: first offset that Kafka still has, the end that was to be read, and where reading stopped. */
export type LogRead = { start: number; end: number; next: number; records: number };

/** A PartitionHistory without what the ledger says, as it is sent from thread to thread: by name of the member. */
export type PackedHistory = {
  bitmaps: Record<string, PackedBitmap>;
  counted: Record<string, PackedCountedBitmap>;
  letters: PackedLetters;
  plain: Record<string, unknown>;
};

const OF_THE_LEDGER = new Set(["partition", "batches", "attempted", "acknowledged", "failed"]);

/** One partition as the three sources have it. Sets hold sequences; an event belongs to the partition in its identity. */
export class PartitionHistory {
  readonly partition: number;

  // From the ledger.
  batches = new Batches();
  attempted = new Bitmap();
  acknowledged = new Bitmap();
  /** Every attempt was refused for good. */
  failed = new Bitmap();

  // From the log.
  /** Undefined: not read. */
  log: LogRead | undefined = undefined;
  inLog = new CountedBitmap();
  /** A record of the event stands at the offset that Kafka acknowledged. */
  atAcknowledgedOffset = new Bitmap();
  /** Acknowledged at an offset that Kafka no longer has, or whose record could not be read: nobody can say. */
  expired = new Bitmap();
  /** Stands after a later event of the partition. */
  late = new Bitmap();
  corruptRecord = new Bitmap();
  /** A copy of its batch is only a part, or is split by other records. */
  torn = new Bitmap();
  /** In the log, but at no offset below next_offset. */
  above = new Bitmap();
  /** The sink must have a row of it: a well-formed record stands below next_offset. */
  due = new Bitmap();
  /** Of the records of this Kafka partition below next_offset: rows, repetitions, malformed ones. */
  dueRows = 0;
  dueDuplicates = 0;
  dueLetters = 0;

  // From PostgreSQL.
  sink: SinkOffset | undefined = undefined;
  rows = new CountedBitmap();
  corruptRow = new Bitmap();
  /** A malformed event that has a row. */
  malformedRow = new Bitmap();
  letters = new DeadLetters();
  /** A malformed record below next_offset without its dead letter. */
  letterMissing = new Bitmap();
  /** The dead letter at the record's offset has other bytes. */
  letterDiffers = new Bitmap();
  /** A well-formed record that has a dead letter. */
  letterOfRow = new Bitmap();

  constructor(partition: number) {
    this.partition = partition;
  }

  /** Whether the ledger has an attempt (or only an outcome) of the event. */
  isAttempted(sequence: number): boolean {
    return this.batches.find(sequence) >= 0;
  }

  /** A partition of which only the ledger was read. */
  static of(partition: number, batches: Batches): PartitionHistory {
    const history = new PartitionHistory(partition);
    history.batches = batches;
    return history;
  }

  /** @returns all but what the ledger says, in a form that can be sent to another thread. */
  pack(): PackedHistory {
    const packed: PackedHistory = { bitmaps: {}, counted: {}, letters: this.letters.pack(), plain: {} };
    for (const [name, value] of Object.entries(this)) {
      if (OF_THE_LEDGER.has(name) || value instanceof DeadLetters) continue;
      if (value instanceof Bitmap) packed.bitmaps[name] = value.pack();
      else if (value instanceof CountedBitmap) packed.counted[name] = value.pack();
      else packed.plain[name] = value;
    }
    return packed;
  }

  /** Takes over what another thread has read. */
  take({ bitmaps, counted, letters, plain }: PackedHistory): void {
    Object.assign(this, plain, { letters: DeadLetters.unpack(letters) });
    for (const [name, bitmap] of Object.entries(bitmaps)) Object.assign(this, { [name]: Bitmap.unpack(bitmap) });
    for (const [name, bitmap] of Object.entries(counted)) Object.assign(this, { [name]: CountedBitmap.unpack(bitmap) });
  }
}

/**
 * `createdMs`: when the run was created, ms since 1970; PostgreSQL has no row of it from before. Undefined: unknown.
 * `asOfMs`: when the tables were read; none has a later time. Undefined: now.
 */
export type RunSettings = EventSettings & { createdMs?: number | undefined; asOfMs?: number | undefined };

/** Examples of what differs, as sentences; bounded. */
export const MOST_EXAMPLES = 5;
export const MOST_ODD_EXAMPLES = 20;

/** Everything that the checks read: the attempts, the log, PostgreSQL. Its size grows with partitions, ranges and groups, not with events. */
export class Histories {
  readonly pipeline: Pipeline;
  readonly settings: RunSettings;
  readonly run: number;
  readonly source: EventSource;
  partitions: PartitionHistory[];
  strays = new Strays();
  /** Records in a partition that is not theirs, or with a key that no event has. */
  oddRecords = { count: 0, examples: [] as string[] };
  /** Dead letters of another target or topic, of a partition that does not exist, at an offset that none can have, or with a reason or time that is not theirs. */
  oddLetters = { count: 0, examples: [] as string[] };
  /** Rows of sink_offsets of another target, topic or partition, that can't be read, or whose writer or time is not the sink's. */
  oddOffsets = { count: 0, examples: [] as string[] };
  /** What a `…_total` view returns other than the sums over its table; as sentences, with the number of groups. */
  viewDifferences: { text: string; count: number }[] = [];
  aggregates: AggregateTable[];
  /** How a corrupt record or row differs. */
  differences: string[] = [];
  /** Records and rows whose content could not be compared, because the ledger line with their creation time is damaged. */
  unverifiable = 0;
  /** Events of another partition than that of the record that names them below next_offset: the sink owes their rows, too. */
  elsewhere: { of: number; partition: number; sequence: number }[] = [];
  logRecords = 0;
  actualRows = 0;
  actualLetters = 0;
  /** What a witness saw while the run went on, and what is there at the end. Undefined: nobody watched. */
  witness: WitnessSeen | undefined = undefined;
  /** What followers have otherwise than the leader, as sentences. */
  replicaDifferences: string[] = [];
  /** The leader's batches, by partition. */
  leaderBatches = new Map<number, BucketDigest[]>();
  /** Whether the source was read completely. */
  logRead = false;
  sinkRead = false;

  /** @param partitions the partitions, if there are some already. */
  constructor(pipeline: Pipeline, settings: RunSettings, partitions?: PartitionHistory[]) {
    this.pipeline = pipeline;
    this.settings = settings;
    this.run = settings.run;
    this.source = eventSource(pipeline, settings);
    this.partitions =
      partitions ?? Array.from({ length: pipeline.partitions }, (_, partition) => new PartitionHistory(partition));
    this.aggregates = pipeline.aggregates.map((spec) => new AggregateTable(pipeline, spec));
  }

  /** Whose key this is, if it is one of an event that the ledger does not know. */
  strangerOf(key: Buffer | null): ({ run: number } & EventPlace) | undefined {
    const found = key === null ? undefined : parseEventKey(key.toString("latin1"));
    const isKnown = found?.run === this.run && this.partitions[found.partition]?.isAttempted(found.sequence) === true;
    return isKnown ? undefined : found;
  }

  /** Keeps an example of a difference while there are few. */
  differ(text: string): void {
    if (this.differences.length < MOST_EXAMPLES) this.differences.push(text);
  }
}

/** Counts something odd and keeps it as an example while there are few. */
export function keepOdd(list: { count: number; examples: string[] }, example: string): void {
  list.count += 1;
  if (list.examples.length < MOST_ODD_EXAMPLES) list.examples.push(example);
}
