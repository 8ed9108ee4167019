import { eventPlace } from "../../contract/event.ts";
import type { EventValues } from "./aggregate-table.ts";
import { NO_OFFSET } from "./batches.ts";
import type { DeadLetters } from "./dead-letters.ts";
import type { Histories, PartitionHistory } from "./histories.ts";
import { keepOdd } from "./histories.ts";
import type { ParsedRecord } from "./parse-record.ts";
import { parseRecord } from "./parse-record.ts";
import type { RawRecord } from "./raw-record.ts";
import { isEqual, isEqualText, keyOf, sameBytes, valueOf } from "./raw-record.ts";
import { RecordKeys } from "./record-key.ts";
import { strayPlace } from "./strays.ts";

/** No JSON text of an event grows its buffer more often than this start size makes likely. */
const SCRATCH_BYTES = 64 * 1024;

/**
 * Puts Kafka's records into the histories, each partition's in order of offset. The ledger, sink_offsets and the dead letters must be there already:
 * what stands below next_offset decides which rows, dead letters and aggregates PostgreSQL owes.
 */
export class LogIngest {
  readonly #histories: Histories;
  readonly #keys: RecordKeys;
  readonly #latest: Int32Array;
  #scratch = Buffer.allocUnsafe(SCRATCH_BYTES);

  constructor(histories: Histories) {
    this.#histories = histories;
    this.#keys = new RecordKeys(histories.run);
    this.#latest = new Int32Array(histories.partitions.length).fill(-1);
  }

  record(partition: number, offset: number, record: RawRecord): void {
    const histories = this.#histories;
    const history = histories.partitions[partition] as PartitionHistory;
    histories.logRecords += 1;
    const isBelow = offset < (history.sink?.nextOffset ?? 0);
    const key = this.#keys.read(record.bytes, record.keyFrom, record.keyTo);
    if (key === undefined || key.run !== histories.run || key.partition !== partition || !history.attempted.has(key.sequence))
      return this.#stray(history, offset, isBelow, key, record);

    const { sequence } = key;
    const { batches } = history;
    const batch = batches.find(sequence);
    const isFirst = history.inLog.add(sequence);
    if (batches.isAcknowledged(batch)) {
      const first = batches.offsetOf(batch);
      if (first === NO_OFFSET || first + (sequence - batches.startOf(batch)) === offset) history.atAcknowledgedOffset.set(sequence);
      if (isFirst) {
        if (sequence < (this.#latest[partition] as number)) history.late.set(sequence);
        else this.#latest[partition] = sequence;
      }
    }
    if (!isBelow && isFirst) history.above.set(sequence);

    const createdMs = batches.createdMs(batch, sequence);
    if (Number.isNaN(createdMs)) {
      histories.unverifiable += 1;
      return this.#owe(history, offset, isBelow, sequence, record, parseRecord(histories.pipeline, valueOf(record)), false);
    }
    const isMalformed = histories.source.isMalformed(partition, sequence);
    const json = isMalformed ? "" : histories.source.json(partition, sequence, createdMs);
    const isSame = isMalformed
      ? isEqual(histories.source.value(partition, sequence, createdMs), record)
      : isEqualText(record, this.#written(json), this.#scratch);
    if (!isSame) {
      if (history.corruptRecord.set(sequence)) histories.differ(`record p${partition} #${sequence} at offset ${offset} has other bytes than the event`);
      return this.#owe(history, offset, isBelow, sequence, record, parseRecord(histories.pipeline, valueOf(record)), false);
    }
    if (histories.samples.record === undefined && !isMalformed) keepSample(histories, partition, sequence, record);
    if (!isBelow) return;
    if (isMalformed) return this.#letter(history, offset, sequence, record, true);
    if (history.letters.match(offset) >= 0) history.letterOfRow.set(sequence);
    if (!history.due.set(sequence)) history.dueDuplicates += 1;
    else this.#row(history, histories.aggregates.length === 0 ? {} : (JSON.parse(json) as EventValues));
  }

  /** To be called after the last record: dead letters without a record may be of events that nobody knows; what Kafka no longer has can't be judged. */
  finish(): void {
    for (const history of this.#histories.partitions) {
      const { letters } = history;
      for (const [position, { key }] of letters.odd) {
        const stranger = letters.matched.has(position) ? undefined : this.#histories.strangerOf(key);
        const stray = stranger && this.#histories.strays.of(stranger.run, stranger.partition, stranger.sequence);
        if (stray !== undefined) stray.letters += 1;
      }
      const start = history.log?.start ?? 0;
      if (start === 0) continue;
      const { batches } = history;
      for (let batch = 0; batch < batches.length; batch++)
        if (batches.isAcknowledged(batch) && batches.offsetOf(batch) < start) history.expired.setRange(batches.startOf(batch), batches.endOf(batch));
    }
  }

  /** What a sink must do with a record whose bytes are not the attempted ones: go by what it really says. */
  #owe(
    history: PartitionHistory,
    offset: number,
    isBelow: boolean,
    sequence: number,
    record: RawRecord,
    parsed: ParsedRecord | undefined,
    isSame: boolean,
  ): void {
    if (!isBelow) return;
    if (parsed === undefined) return this.#letter(history, offset, sequence, record, isSame);
    if (history.letters.match(offset) >= 0 && sequence >= 0) history.letterOfRow.set(sequence);
    const place = parsed.run === this.#histories.run ? eventPlace(parsed.event) : undefined;
    const owner = place === undefined ? undefined : this.#histories.partitions[place.partition];
    if (owner !== undefined && place !== undefined && owner.attempted.has(place.sequence)) {
      if (!owner.due.set(place.sequence)) history.dueDuplicates += 1;
      else this.#row(history, parsed.values);
      return;
    }
    const stray = this.#histories.strays.of(parsed.run, ...strayPlace(parsed.event));
    if (stray === undefined) return;
    if (stray.due) history.dueDuplicates += 1;
    else this.#row(history, parsed.values);
    stray.due = true;
  }

  #row(history: PartitionHistory, values: EventValues): void {
    history.dueRows += 1;
    for (const aggregate of this.#histories.aggregates) aggregate.add(values, history.partition);
  }

  #letter(history: PartitionHistory, offset: number, sequence: number, record: RawRecord, isSame: boolean): void {
    history.dueLetters += 1;
    const position = history.letters.match(offset);
    if (position >= 0 && hasBytes(history.letters, position, sequence, record, isSame)) return;
    if (sequence >= 0) (position < 0 ? history.letterMissing : history.letterDiffers).set(sequence);
    else keepOdd(this.#histories.oddLetters, `p${history.partition} offset ${offset}: ${position < 0 ? "missing" : "other bytes"}`);
  }

  #stray(
    history: PartitionHistory,
    offset: number,
    isBelow: boolean,
    key: { run: number; partition: number; sequence: number } | undefined,
    record: RawRecord,
  ): void {
    const parsed = parseRecord(this.#histories.pipeline, valueOf(record));
    const isOurs = key !== undefined && key.run === this.#histories.run && this.#histories.partitions[key.partition]?.attempted.has(key.sequence) === true;
    const stray = key === undefined || isOurs ? undefined : this.#histories.strays.of(key.run, key.partition, key.sequence);
    if (stray !== undefined) {
      stray.records += 1;
      if (!isBelow) stray.above += 1;
    } else if (key === undefined || isOurs)
      keepOdd(
        this.#histories.oddRecords,
        `p${history.partition} offset ${offset} (${key === undefined ? "no event's key" : `p${key.partition} #${key.sequence} in another partition`})`,
      );
    this.#owe(history, offset, isBelow, -1, record, parsed, false);
  }

  /** Writes text into the scratch buffer; returns its length in bytes. */
  #written(text: string): number {
    if (text.length * 3 > this.#scratch.length) this.#scratch = Buffer.allocUnsafe(text.length * 6);
    return this.#scratch.write(text);
  }
}

function keepSample(histories: Histories, partition: number, sequence: number, record: RawRecord): void {
  const { bytes, keyFrom, keyTo, valueFrom, valueTo } = record;
  histories.samples.record = {
    partition,
    sequence,
    key: Buffer.from(bytes.subarray(keyFrom, keyTo)),
    value: Buffer.from(bytes.subarray(valueFrom, valueTo)),
  };
}

/** Whether the dead letter has the record's bytes. A letter that is not odd has those of its attempted event, as has the record if `isSame`. */
function hasBytes(letters: DeadLetters, position: number, sequence: number, record: RawRecord, isSame: boolean): boolean {
  if (isSame && letters.sequences[position] === sequence) return true;
  const odd = letters.odd.get(position);
  return odd !== undefined && sameBytes(odd.key, keyOf(record)) && sameBytes(odd.value, valueOf(record));
}
