import { EventBytes, parseEventKey } from "../../contract/event.ts";
import { shortText } from "../read/short-text.ts";
import type { StoredLetter, StoredOffset, StoredRow, Whole } from "../sinks/stored-tables.ts";
import { DeadLetterReason } from "../mapping/dead-letter-reason.ts";
import type { Histories, PartitionHistory } from "./histories.ts";
import { keepOdd } from "./histories.ts";
import { OffsetWriter, RunSpan } from "../frontier/offset-writer.ts";

/** Puts what the sink stores into the histories. Read the ledger first. */
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

  /** How far the sink says it is with one partition. */
  offset(stored: StoredOffset): void {
    const { partition, startOffset, nextOffset, rows, duplicates, deadLetters, generation } = stored;
    const history = this.#historyOf(partition);
    const isOurs = this.#isOurs(stored) && history !== undefined && history.sink === undefined;
    if (
      !isOurs ||
      typeof startOffset !== "number" ||
      typeof nextOffset !== "number" ||
      typeof rows !== "number" ||
      typeof duplicates !== "number" ||
      typeof deadLetters !== "number"
    )
      return keepOdd(this.#histories.oddOffsets, `row of sink_offsets: ${stored.describe()}`);
    history.sink = { startOffset, nextOffset, rows, duplicates, deadLetters };
    if (typeof generation === "number") history.sink.generation = generation;
    for (const problem of this.#writer.problems(stored))
      keepOdd(this.#histories.oddOffsets, `p${partition}: ${problem}`);
  }

  /** One dead letter, in order of target, topic, partition and offset. */
  letter(stored: StoredLetter): void {
    const { partition, offset, key, value } = stored;
    this.#histories.actualLetters += 1;
    const history = this.#historyOf(partition);
    if (!this.#isOurs(stored) || history === undefined || typeof offset !== "number")
      return keepOdd(
        this.#histories.oddLetters,
        `${shown(stored.target)} ${shown(stored.topic)} p${partition} offset ${offset}`,
      );
    const sequence = key === null || value === null ? -1 : this.#malformedSequence(history, key, value);
    history.letters.add(offset, sequence, sequence < 0 ? { key, value } : undefined);
    const problems = [
      this.#reason.problem(value, stored.reason),
      this.#span.problem("created_at", stored.createdMs, stored.created),
    ];
    for (const problem of problems.filter((item) => item !== undefined))
      keepOdd(this.#histories.oddLetters, `p${partition} offset ${offset}: ${problem}`);
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

  #historyOf(partition: Whole): PartitionHistory | undefined {
    return typeof partition === "number" ? this.#histories.partitions[partition] : undefined;
  }

  #isOurs({ target, topic }: Pick<StoredLetter, "target" | "topic">): boolean {
    return target === this.#histories.pipeline.table && topic === this.#topic;
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

function shown(text: string | null): string {
  return shortText(text ?? "null");
}
