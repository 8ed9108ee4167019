import type { EventPlace, EventSource } from "../../contract/event.ts";
import { eventSource, parseEventKey } from "../../contract/event.ts";
import type { Pipeline } from "../../contract/pipeline.ts";
import { AggregateTable } from "./aggregate-table.ts";
import { Batches } from "./batches.ts";
import { Bitmap, CountedBitmap } from "./bitmap.ts";
import { DeadLetters } from "./dead-letters.ts";
import { Strays } from "./strays.ts";

/** A partition's line of sink_offsets. */
export type SinkOffset = { startOffset: number; nextOffset: number; rows: number; duplicates: number; deadLetters: number };

/** What the three sources say about one partition. Sets are of sequences; an event belongs to the partition of its identity. */
export class PartitionHistory {
  readonly partition: number;

  // From the ledger.
  batches = new Batches();
  attempted = new Bitmap();
  acknowledged = new Bitmap();
  /** Every attempt was refused for good. */
  failed = new Bitmap();

  // From the log.
  /** First offset that Kafka still has, the end that was to be read, and where reading stopped. Undefined: not read. */
  log: { start: number; end: number; next: number; records: number } | undefined = undefined;
  inLog = new CountedBitmap();
  /** A record of the event stands at the offset that Kafka acknowledged. */
  atAcknowledgedOffset = new Bitmap();
  /** Acknowledged at an offset that Kafka no longer has, or whose record could not be read: nobody can say. */
  expired = new Bitmap();
  /** Stands after a later acknowledged event of the partition. */
  late = new Bitmap();
  corruptRecord = new Bitmap();
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

  clone(): PartitionHistory {
    const copy = new PartitionHistory(this.partition);
    for (const [name, value] of Object.entries(this))
      if (value instanceof Bitmap || value instanceof CountedBitmap || value instanceof DeadLetters) Object.assign(copy, { [name]: value.clone() });
      else if (typeof value === "object" && !(value instanceof Batches)) Object.assign(copy, { [name]: { ...value } });
      else if (value !== undefined) Object.assign(copy, { [name]: value });
    return copy;
  }
}

/** Examples of what differs, as sentences; bounded. */
const MOST_EXAMPLES = 5;

/** All that the checks look at: what was attempted, what the log has, what PostgreSQL has. Bounded by partitions, ranges and groups, not by events. */
export class Histories {
  readonly pipeline: Pipeline;
  readonly run: number;
  readonly source: EventSource;
  partitions: PartitionHistory[];
  strays = new Strays();
  /** Records in a partition that is not theirs, or with a key that no event has. */
  oddRecords = { count: 0, examples: [] as string[] };
  /** Dead letters of another topic, or of a partition that does not exist. */
  oddLetters = { count: 0, examples: [] as string[] };
  aggregates: AggregateTable[];
  /** How a corrupt record or row differs. */
  differences: string[] = [];
  /** Records and rows whose content could not be compared, because the ledger line with their creation time is damaged. */
  unverifiable = 0;
  /** A good row and a good record as they were read, for the canary to spoil. */
  samples: { row?: EventPlace & { line: string }; record?: EventPlace & { key: Buffer; value: Buffer } } = {};
  logRecords = 0;
  actualRows = 0;
  actualLetters = 0;
  /** Whether the source was read whole. */
  logRead = false;
  sinkRead = false;

  constructor(pipeline: Pipeline, settings: { run: number; seed: number; malformedPpm: number }) {
    this.pipeline = pipeline;
    this.run = settings.run;
    this.source = eventSource(pipeline, settings);
    this.partitions = Array.from({ length: pipeline.partitions }, (_, partition) => new PartitionHistory(partition));
    this.aggregates = pipeline.aggregates.map((spec) => new AggregateTable(pipeline, spec));
  }

  /** A copy for the canary: it may be changed without changing these. The aggregates are shared, since they alone may be large. */
  clone(): Histories {
    return Object.assign(Object.create(Histories.prototype) as Histories, this, {
      partitions: this.partitions.map((history) => history.clone()),
      strays: this.strays.clone(),
      differences: [...this.differences],
      samples: { ...this.samples },
    });
  }

  /** Whose key this is, if it is one of an event that the ledger does not know. */
  strangerOf(key: Buffer | null): ({ run: number } & EventPlace) | undefined {
    const found = key === null ? undefined : parseEventKey(key.toString("latin1"));
    const isKnown = found?.run === this.run && this.partitions[found.partition]?.attempted.has(found.sequence) === true;
    return isKnown ? undefined : found;
  }

  /** An example of a difference, kept while there are few. */
  differ(text: string): void {
    if (this.differences.length < MOST_EXAMPLES) this.differences.push(text);
  }
}

/** Counts something odd and keeps it as an example while there are few. */
export function keepOdd(list: { count: number; examples: string[] }, example: string): void {
  list.count += 1;
  if (list.examples.length < 20) list.examples.push(example);
}
