import type { GroupDifferences } from "../histories/group-differences.ts";
import type { Histories, PackedHistory } from "../histories/histories.ts";
import type { Stray } from "../histories/strays.ts";
import type { LogRange } from "../read/kafka-log.ts";
import type { SinkOffset } from "../histories/histories.ts";
import type { BucketDigest } from "../witness/batch-digests.ts";
import type { MeasuredRange, OffsetRange } from "../witness/range-digests.ts";

/** What is to be read of one partition. `range`: undefined when Kafka can't be read; `hasTables`: false when PostgreSQL can't. */
export type PartitionTask = {
  partition: number;
  range: LogRange | undefined;
  hasTables: boolean;
  sink: SinkOffset | undefined;
  /** Keep the bytes of the partition's beginning: rows of sequences below, records and dead letters at offsets below. */
  capture: { sequences: number; offsets: number };
  /** The offsets that the witness has read: their records are summed up. */
  witnessed?: readonly OffsetRange[];
};

/** The beginning of a partition as it was read: COPY lines without their "\n", and whole record batches. */
export type Captured = { rows: { sequence: number; line: string }[]; letters: string[]; batches: Buffer };

/** What was found in one partition: everything but its ledger. It can be sent to another thread, and readings add up. */
export type PartitionReading = {
  partition: number;
  history: PackedHistory;
  strays: { events: [string, Stray][]; overflow: number };
  oddRecords: Histories["oddRecords"];
  oddLetters: Histories["oddLetters"];
  differences: string[];
  unverifiable: number;
  logRecords: number;
  actualRows: number;
  actualLetters: number;
  /** Events of other partitions that a record of this one named below next_offset. */
  elsewhere: Histories["elsewhere"];
  groups: Pick<GroupDifferences, "compared" | "counts" | "examples">[];
  /** Why the partition's log can't be judged, as sentences. */
  logProblems: string[];
  captured: Captured;
  witnessed: MeasuredRange[];
  batches: BucketDigest[];
  /** Why a source could not be read to its end. */
  logError: SourceError | undefined;
  tableError: SourceError | undefined;
};

/** An error that says something about a source, as it is sent from thread to thread. */
export type SourceError = { code: string | undefined; message: string; remedy: string | undefined };
