import { EventBytes, parseEventKey } from "../../contract/event.ts";
import { byteaBytes, unescapeCopy } from "../sinks/copy-text.ts";
import { exactInteger } from "../read/exact-integer.ts";
import type { StoredRow } from "../sinks/stored-row.ts";
import { DeadLetterReason } from "../mapping/dead-letter-reason.ts";
import type { Histories, PartitionHistory } from "./histories.ts";
import { keepOdd } from "./histories.ts";
import { OffsetWriter, RunSpan } from "../frontier/offset-writer.ts";

/** The columns that each `…Line` method wants, in this order, in COPY's text format. */
export const SINK_OFFSET_COLUMNS = [
  "target",
  "topic",
  "partition",
  "start_offset",
  "next_offset",
  "rows",
  "duplicates",
  "dead_letters",
  "generation",
  "writer_pid",
  "updated_at",
] as const;
export const DEAD_LETTER_COLUMNS = [
  "target",
  "topic",
  "partition",
  "offset",
  "key",
  "value",
  "reason",
  "created_at",
] as const;

/** Puts PostgreSQL's rows into the histories. Read the ledger first. */
export class SinkIngest {
  readonly #histories: Histories;
  readonly #topic: string;
  readonly #expected = new EventBytes();
  readonly #reason: DeadLetterReason;
  readonly #span: RunSpan;
  readonly #writer: OffsetWriter;

  constructor(histories: Histories, topic: string) {
    this.#histories = histories;
    this.#topic = topic;
    this.#reason = new DeadLetterReason(histories.pipeline);
    this.#span = new RunSpan(histories.settings.createdMs, histories.settings.asOfMs);
    this.#writer = new OffsetWriter(this.#span);
  }

  /** SINK_OFFSET_COLUMNS of one row of sink_offsets. */
  offsetLine(line: string): void {
    const texts = line.split("\t");
    const [partition, startOffset, nextOffset, rows, duplicates, deadLetters] = texts.slice(2).map(exactInteger);
    const history = this.#histories.partitions[partition ?? -1];
    const isOurs = this.#isOurs(texts) && history !== undefined && history.sink === undefined;
    if (
      !isOurs ||
      startOffset === undefined ||
      nextOffset === undefined ||
      rows === undefined ||
      duplicates === undefined ||
      deadLetters === undefined
    )
      return keepOdd(
        this.#histories.oddOffsets,
        `row of sink_offsets: ${SINK_OFFSET_COLUMNS.map((name, index) => `${name} ${shown(texts[index])}`).join(", ")}`,
      );
    history.sink = { startOffset, nextOffset, rows, duplicates, deadLetters };
    const generation = exactInteger(String(texts[8]));
    if (generation !== undefined) history.sink.generation = generation;
    for (const problem of this.#writer.problems(texts.slice(8)))
      keepOdd(this.#histories.oddOffsets, `p${partition}: ${problem}`);
  }

  /** DEAD_LETTER_COLUMNS of one dead letter, in order of target, topic, partition and offset. */
  letterLine(line: string): void {
    const texts = line.split("\t");
    const [target, topic, partitionText, offsetText, keyText, valueText, reasonText, createdText] = texts as [
      string,
      string,
      string,
      string,
      string,
      string,
      string,
      string,
    ];
    const offset = exactInteger(offsetText);
    this.#histories.actualLetters += 1;
    const history = this.#histories.partitions[exactInteger(partitionText) ?? -1];
    if (!this.#isOurs(texts) || history === undefined || offset === undefined)
      return keepOdd(
        this.#histories.oddLetters,
        `${shown(target)} ${shown(topic)} p${partitionText} offset ${offsetText}`,
      );
    const key = bytesOf(keyText);
    const value = bytesOf(valueText);
    const sequence = key === null || value === null ? -1 : this.#malformedSequence(history, key, value);
    history.letters.add(offset, sequence, sequence < 0 ? { key, value } : undefined);
    const problems = [
      this.#reason.problem(value, unescapeCopy(reasonText)),
      this.#span.problem("created_at", createdText),
    ];
    for (const problem of problems.filter((item) => item !== undefined))
      keepOdd(this.#histories.oddLetters, `p${partitionText} offset ${offsetText}: ${problem}`);
  }

  /** One row of the pipeline's table, in any order. */
  row(row: StoredRow): void {
    const histories = this.#histories;
    histories.actualRows += 1;
    const { partition, sequence } = row;
    const history = histories.partitions[partition];
    if (!history?.isAttempted(sequence)) {
      const stray = histories.strays.named(row.run, row.event);
      if (stray !== undefined) stray.rows += 1;
      return;
    }
    history.rows.add(sequence);
    const createdMs = history.batches.createdMs(history.batches.find(sequence), sequence);
    if (Number.isNaN(createdMs)) {
      histories.unverifiable += 1;
      return;
    }
    if (histories.source.isMalformed(partition, sequence)) {
      history.malformedRow.set(sequence);
      return;
    }
    histories.source.write(partition, sequence, createdMs, this.#expected);
    const difference = row.difference(this.#expected);
    if (difference !== undefined && history.corruptRow.set(sequence))
      histories.differ(`row p${partition} #${sequence}: ${difference}`);
  }

  /** Whether target and topic, the first two columns, are this run's. */
  #isOurs([target, topic]: string[]): boolean {
    return (
      unescapeCopy(target as string) === this.#histories.pipeline.table && unescapeCopy(topic as string) === this.#topic
    );
  }

  /** The sequence of the malformed event that has exactly these bytes in this partition, or -1. */
  #malformedSequence(history: PartitionHistory, keyBytes: Buffer, value: Buffer): number {
    const key = parseEventKey(keyBytes.toString("latin1"));
    if (
      key === undefined ||
      key.run !== this.#histories.run ||
      key.partition !== history.partition ||
      !history.isAttempted(key.sequence)
    )
      return -1;
    const createdMs = history.batches.createdMs(history.batches.find(key.sequence), key.sequence);
    const { source } = this.#histories;
    if (Number.isNaN(createdMs) || !source.isMalformed(history.partition, key.sequence)) return -1;
    return source.value(history.partition, key.sequence, createdMs).equals(value) ? key.sequence : -1;
  }
}

function bytesOf(text: string): Buffer | null {
  return byteaBytes(String(unescapeCopy(text))) ?? null;
}

function shown(text: string | undefined): string {
  return short(unescapeCopy(text ?? "\\N") ?? "null");
}

function short(text: string): string {
  return text.length <= 60 ? text : `${text.slice(0, 57)}...`;
}
