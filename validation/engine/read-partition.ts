import { FaultlineError } from "../../contract/errors.ts";
import type { Pipeline } from "../../contract/pipeline.ts";
import { batchesOf } from "../read/batch-bytes.ts";
import type { Batches } from "../truth/batches.ts";
import { Histories, PartitionHistory } from "../histories/histories.ts";
import type { RunSettings } from "../histories/histories.ts";
import { LogIngest } from "../histories/log-ingest.ts";
import { SinkIngest } from "../histories/sink-ingest.ts";
import type { BatchVisitor } from "../read/record-batch.ts";
import { readBatches } from "../read/record-batch.ts";
import { UnreadableError } from "../read/unreadable-error.ts";
import { sinkTables } from "../sinks/sink-tables.ts";
import type { StoredTables } from "../sinks/stored-tables.ts";
import { BatchDigests } from "../witness/batch-digests.ts";
import { RangeDigests } from "../witness/range-digests.ts";
import type { PartitionSource } from "../source/run-source.ts";
import type { Captured, PartitionReading, PartitionTask, SourceError } from "./partition-reading.ts";

/** What all partitions of a run have in common. `batches`: the ledger's, one per partition. */
export type RunContext = { pipeline: Pipeline; settings: RunSettings; topic: string; batches: readonly Batches[] };

export type OnRead = (read: { rows: number; records: number }) => void;

/** Reads one partition's tables and log side by side, and compares every event. */
export class PartitionReader {
  readonly #context: RunContext;
  readonly #source: PartitionSource;
  /** One per partition. Those of other partitions only tell which events were attempted, and are made once: there may be a thousand. */
  readonly #others: PartitionHistory[];

  constructor(context: RunContext, source: PartitionSource) {
    this.#context = context;
    this.#source = source;
    this.#others = context.batches.map((batches, partition) => PartitionHistory.of(partition, batches));
  }

  async read(task: PartitionTask, signal: AbortSignal, onRead: OnRead): Promise<PartitionReading> {
    const { partition, sink } = task;
    const { pipeline, settings, batches } = this.#context;
    const history = PartitionHistory.of(partition, batches[partition] as Batches);
    history.sink = sink;
    const histories = new Histories(pipeline, settings, this.#others.with(partition, history));
    const reading = new Reading(this.#context, histories, task, this.#source, onRead);
    // A record is compared with its dead letter, so those are read before the log.
    const tableStart = await attempt(task.hasTables, () => reading.lettersAndGroups(signal));
    const [tableError, logError] = await Promise.all([
      tableStart ?? attempt(task.hasTables, () => reading.rows(signal)),
      attempt(true, () => reading.log(signal)),
    ]);
    reading.finish(tableError === undefined && logError === undefined);
    return { ...reading.result(), tableError, logError };
  }
}

class Reading {
  readonly #histories: Histories;
  readonly #task: PartitionTask;
  readonly #source: PartitionSource;
  readonly #onRead: OnRead;
  readonly #tables: StoredTables;
  readonly #sink: SinkIngest;
  readonly #log: LogIngest;
  readonly #witnessed: RangeDigests;
  readonly #batches: BatchDigests;
  readonly #logProblems: string[] = [];
  readonly #captured = { rows: [] as Captured["rows"], letters: [] as string[], batches: [] as Buffer[] };

  constructor(context: RunContext, histories: Histories, task: PartitionTask, source: PartitionSource, onRead: OnRead) {
    this.#histories = histories;
    this.#task = task;
    this.#source = source;
    this.#onRead = onRead;
    this.#tables = sinkTables(context.pipeline, context.settings.run);
    this.#sink = new SinkIngest(histories, context.topic);
    this.#log = new LogIngest(histories);
    this.#witnessed = new RangeDigests(task.witnessed ?? []);
    this.#batches = new BatchDigests(task.range?.start ?? 0, task.range?.end ?? 0);
  }

  async lettersAndGroups(signal: AbortSignal): Promise<void> {
    const { partition, capture } = this.#task;
    const letters = this.#tables.letters((letter) => {
      this.#sink.letter(letter);
      const { offset } = letter;
      if (typeof offset === "number" && offset < capture.offsets) this.#captured.letters.push(letter.line);
    });
    await this.#source.copy({ of: "letters", partition }, signal, letters);
    for (const [aggregate, table] of this.#histories.aggregates.entries()) {
      const groups = this.#tables.groups(table.spec, (group) => table.stored(group));
      await this.#source.copy({ of: "groups", aggregate, partition }, signal, groups);
    }
  }

  async rows(signal: AbortSignal): Promise<void> {
    const { partition, capture } = this.#task;
    const histories = this.#histories;
    const rows = this.#tables.rows((row) => {
      this.#sink.row(row);
      if (row.sequence < capture.sequences)
        this.#captured.rows.push({ sequence: row.sequence, line: Buffer.from(row.line).toString() });
    });
    await this.#source.copy({ of: "rows", partition }, signal, (chunk) => {
      const before = histories.actualRows;
      rows(chunk);
      this.#onRead({ rows: histories.actualRows - before, records: 0 });
    });
  }

  async log(signal: AbortSignal): Promise<void> {
    const { partition, range } = this.#task;
    if (range === undefined) return;
    const { start, end } = range;
    let [records, missing, next] = [0, 0, start];
    const visitor: BatchVisitor = {
      record: (offset, record) => {
        this.#log.record(partition, offset, record);
        this.#witnessed.add(offset, record);
        records += 1;
      },
      gap: (from, to) => {
        if (missing === 0)
          this.#logProblems.push(
            `partition ${partition}: offsets from ${from} on hold no record (compaction or transactions), so the log is incomplete`,
          );
        missing += to - from;
      },
    };
    await this.#source.log(range, signal, (batches, position) => {
      this.#capture(batches, position);
      this.#batches.add(batches);
      const before = records;
      next = readBatches(batches, position, end, visitor);
      this.#onRead({ rows: 0, records: records - before });
      return next;
    });
    (this.#histories.partitions[partition] as PartitionHistory).log = { start, end, next, records };
    // The proof that nothing was skipped: as many records as offsets, up to the end.
    if (next !== end || records + missing !== end - start)
      this.#logProblems.push(`partition ${partition}: read ${records} records of offsets ${start} to ${end}`);
    if (start > 0)
      this.#logProblems.push(
        `partition ${partition}: Kafka has deleted the offsets below ${start} (retention), so the records there can't be judged`,
      );
  }

  /** @param isWhole both sources were read to their ends. */
  finish(isWhole: boolean): void {
    this.#log.finish();
    for (const table of this.#histories.aggregates) if (isWhole) table.reduce();
  }

  result(): Omit<PartitionReading, "tableError" | "logError"> {
    const { partition } = this.#task;
    const { strays, oddRecords, oddLetters, differences, unverifiable, elsewhere, aggregates } = this.#histories;
    const { logRecords, actualRows, actualLetters } = this.#histories;
    return {
      partition,
      history: (this.#histories.partitions[partition] as PartitionHistory).pack(),
      strays: { events: [...strays.events], overflow: strays.overflow },
      oddRecords,
      oddLetters,
      differences,
      unverifiable,
      logRecords,
      actualRows,
      actualLetters,
      elsewhere,
      groups: aggregates.map((table) => table.reduced),
      logProblems: this.#logProblems,
      witnessed: this.#witnessed.finish(),
      batches: this.#batches.finish(),
      captured: { ...this.#captured, batches: Buffer.concat(this.#captured.batches) },
    };
  }

  #capture(batches: Buffer, position: number): void {
    for (const { base, count, bytes } of batchesOf(batches))
      if (base + count > position && base < this.#task.capture.offsets) this.#captured.batches.push(Buffer.from(bytes));
  }
}

/** @returns the error, if the source is at fault; others are thrown. */
async function attempt(isWanted: boolean, read: () => Promise<void>): Promise<SourceError | undefined> {
  if (!isWanted) return undefined;
  try {
    await read();
    return undefined;
  } catch (error) {
    return sourceError(error);
  }
}

/** @throws the error itself, if it says nothing about a source: a bug, or an interruption. */
export function sourceError(error: unknown): SourceError {
  if (error instanceof FaultlineError) return { code: error.code, message: error.message, remedy: error.remedy };
  if (error instanceof UnreadableError) return { code: undefined, message: error.message, remedy: undefined };
  throw error;
}
