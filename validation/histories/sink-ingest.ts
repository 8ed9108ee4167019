import { parseEventKey } from "../../contract/event.ts";
import { byteaBytes, unescapeCopy } from "../read/copy-text.ts";
import type { EventValues } from "./aggregate-table.ts";
import type { ColumnComparer } from "./compare-column.ts";
import { compileColumn } from "./compare-column.ts";
import type { Histories, PartitionHistory } from "./histories.ts";
import { keepOdd } from "./histories.ts";
import { strayPlace } from "./strays.ts";

/** The columns that each `…Line` method wants, in this order, in COPY's text format. */
export const SINK_OFFSET_COLUMNS = ["topic", "partition", "start_offset", "next_offset", "rows", "duplicates", "dead_letters"] as const;
export const DEAD_LETTER_COLUMNS = ["topic", "partition", "offset", "key", "value"] as const;

/** Puts PostgreSQL's rows into the histories. The ledger must be there already. */
export class SinkIngest {
  readonly #histories: Histories;
  readonly #topic: string;
  readonly #comparers: { name: string; compare: ColumnComparer }[];

  constructor(histories: Histories, topic: string) {
    this.#histories = histories;
    this.#topic = topic;
    this.#comparers = histories.pipeline.fields.map((field) => ({ name: field.name, compare: compileColumn(field) }));
  }

  /** SINK_OFFSET_COLUMNS of one row of sink_offsets. */
  offsetLine(line: string): void {
    const [topic, ...texts] = line.split("\t");
    const [partition, startOffset, nextOffset, rows, duplicates, deadLetters] = texts.map(Number) as [number, number, number, number, number, number];
    const history = this.#histories.partitions[partition];
    if (unescapeCopy(topic as string) !== this.#topic || history === undefined) return;
    history.sink = { startOffset, nextOffset, rows, duplicates, deadLetters };
  }

  /** DEAD_LETTER_COLUMNS of one dead letter, in order of partition and offset. */
  letterLine(line: string): void {
    const [topic, partitionText, offsetText, keyText, valueText] = line.split("\t") as [string, string, string, string, string];
    const [partition, offset] = [Number(partitionText), Number(offsetText)];
    this.#histories.actualLetters += 1;
    const history = this.#histories.partitions[partition];
    if (unescapeCopy(topic) !== this.#topic || history === undefined)
      return keepOdd(this.#histories.oddLetters, `${unescapeCopy(topic) ?? "null"} p${partitionText} offset ${offsetText}`);
    const key = bytesOf(keyText);
    const value = bytesOf(valueText);
    const sequence = key === null || value === null ? -1 : this.#malformedSequence(history, key, value);
    history.letters.add(offset, sequence, sequence < 0 ? { key, value } : undefined);
  }

  /** Run, event, then the pipeline's fields. */
  rowLine(line: string): void {
    const histories = this.#histories;
    const texts = line.split("\t");
    histories.actualRows += 1;
    const run = Number(texts[0]);
    const [partition, sequence] = strayPlace(Number(texts[1]));
    const history = run === histories.run ? histories.partitions[partition] : undefined;
    if (history === undefined || !history.attempted.has(sequence)) {
      const stray = histories.strays.of(run, partition, sequence);
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
    const values = JSON.parse(histories.source.json(partition, sequence, createdMs)) as EventValues;
    for (let index = 0; index < this.#comparers.length; index++) {
      const { name, compare } = this.#comparers[index] as { name: string; compare: ColumnComparer };
      const text = texts[index + 2];
      if (text !== undefined && compare(values[name], text)) continue;
      if (history.corruptRow.set(sequence))
        histories.differ(`row p${partition} #${sequence}: ${name} is ${short(text ?? "missing")}, not ${short(JSON.stringify(values[name] ?? null))}`);
      return;
    }
    histories.samples.row ??= { partition, sequence, line };
  }

  /** The sequence of the malformed event that has exactly these bytes in this partition, or -1. */
  #malformedSequence(history: PartitionHistory, keyBytes: Buffer, value: Buffer): number {
    const key = parseEventKey(keyBytes.toString("latin1"));
    if (key === undefined || key.run !== this.#histories.run || key.partition !== history.partition || !history.attempted.has(key.sequence)) return -1;
    const createdMs = history.batches.createdMs(history.batches.find(key.sequence), key.sequence);
    const { source } = this.#histories;
    if (Number.isNaN(createdMs) || !source.isMalformed(history.partition, key.sequence)) return -1;
    return source.value(history.partition, key.sequence, createdMs).equals(value) ? key.sequence : -1;
  }
}

function bytesOf(text: string): Buffer | null {
  const plain = unescapeCopy(text);
  return plain === null ? null : (byteaBytes(plain) ?? null);
}

function short(text: string): string {
  return text.length <= 60 ? text : `${text.slice(0, 57)}...`;
}
