import { EventBytes, type EventPlace, eventPlace } from "../../contract/event.ts";
import { exactInteger } from "../read/exact-integer.ts";
import { NO_OFFSET } from "../truth/batches.ts";
import { BatchRuns } from "./batch-runs.ts";
import type { DeadLetters } from "./dead-letters.ts";
import { eventOf } from "./event-values.ts";
import type { Histories, PartitionHistory } from "./histories.ts";
import { keepOdd } from "./histories.ts";
import type { ParsedRecord } from "../mapping/parse-record.ts";
import { parseRecord } from "../mapping/parse-record.ts";
import type { RawRecord } from "../read/raw-record.ts";
import { isEqual, keyOf, sameBytes, valueOf } from "../read/raw-record.ts";
import { RecordKeys } from "../mapping/record-key.ts";

/**
 * Puts Kafka's records into the histories, each partition's in the order of offsets. Read the ledger, sink_offsets and the dead letters first:
 * the records below next_offset decide which rows, dead letters and aggregates PostgreSQL must hold.
 */
export class LogIngest {
  readonly #histories: Histories;
  readonly #keys: RecordKeys;
  /** By partition: the highest sequence so far. */
  readonly #latest: Float64Array;
  /** By partition, made when its first record comes. */
  readonly #runs: (BatchRuns | undefined)[] = [];
  readonly #expected = new EventBytes();

  constructor(histories: Histories) {
    this.#histories = histories;
    this.#keys = new RecordKeys(histories.run);
    this.#latest = new Float64Array(histories.partitions.length).fill(-1);
  }

  record(partition: number, offset: number, record: RawRecord): void {
    const histories = this.#histories;
    const history = histories.partitions[partition] as PartitionHistory;
    histories.logRecords += 1;
    const isBelow = offset < (history.sink?.nextOffset ?? 0);
    const key = this.#keys.read(record.bytes, record.keyFrom, record.keyTo);
    const { batches } = history;
    const sequence = key?.run === histories.run && key.partition === partition ? key.sequence : -1;
    const batch = batches.find(sequence);
    if (batch < 0) return this.#stray(history, offset, isBelow, key, record);

    const isFirst = history.inLog.add(sequence);
    this.#runsOf(history).add(batch, sequence, offset);
    if (batches.isAcknowledged(batch)) {
      const first = batches.offsetOf(batch);
      if (first === NO_OFFSET || first + (sequence - batches.startOf(batch)) === offset)
        history.atAcknowledgedOffset.set(sequence);
    }
    // Nothing was sent before the batch before was settled, so this holds for a batch in doubt, too. A refused one has a kind of its own.
    if (isFirst && !batches.isFailed(batch)) {
      const latest = Math.max(this.#latest[partition] as number, sequence);
      this.#latest[partition] = latest;
      if (sequence < latest) history.late.set(sequence);
    }
    if (!isBelow && isFirst) history.above.set(sequence);

    const createdMs = batches.createdMs(batch, sequence);
    const isUnverifiable = Number.isNaN(createdMs);
    const isMalformed = histories.source.isMalformed(partition, sequence);
    if (isUnverifiable) histories.unverifiable += 1;
    const isSame = !isUnverifiable && this.#isEvent(record, partition, sequence, createdMs, isMalformed);
    if (!isSame) {
      if (!isUnverifiable && history.corruptRecord.set(sequence))
        histories.differ(`record p${partition} #${sequence} at offset ${offset} has other bytes than the event`);
      if (isBelow) this.#owe(history, offset, sequence, record, parseRecord(histories.pipeline, valueOf(record)));
      return;
    }
    if (!isBelow) return;
    if (isMalformed) return this.#letter(history, offset, sequence, record, true);
    if (history.letters.match(offset) >= 0) history.letterOfRow.set(sequence);
    if (!history.due.set(sequence)) history.dueDuplicates += 1;
    else this.#row(history, this.#expected);
  }

  /** Whether the record has exactly the event's bytes. For a well-formed event `#expected` is the event afterwards. */
  #isEvent(record: RawRecord, partition: number, sequence: number, createdMs: number, isMalformed: boolean): boolean {
    const { source } = this.#histories;
    if (isMalformed) {
      const value = source.value(partition, sequence, createdMs);
      return isEqual(value, value.length, record);
    }
    source.write(partition, sequence, createdMs, this.#expected);
    return isEqual(this.#expected.buffer, this.#expected.length, record);
  }

  /** Call this after the last record: dead letters without a record may be of unknown events, and records that Kafka deleted can't be judged. */
  finish(): void {
    for (const runs of this.#runs) runs?.end();
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
      for (const batch of batches.indexes())
        if (batches.isAcknowledged(batch) && batches.offsetOf(batch) < start)
          history.expired.setRange(batches.startOf(batch), batches.endOf(batch));
    }
  }

  /** What a sink must do with a record whose bytes are not the attempted ones: go by what it really says. Below next_offset. */
  #owe(
    history: PartitionHistory,
    offset: number,
    sequence: number,
    record: RawRecord,
    parsed: ParsedRecord | undefined,
  ): void {
    if (parsed === undefined) return this.#letter(history, offset, sequence, record, false);
    if (history.letters.match(offset) >= 0 && sequence >= 0) history.letterOfRow.set(sequence);
    const named = this.#attemptedEvent(parsed);
    if (named !== undefined) {
      const { owner, place } = named;
      const isFirst = owner.due.set(place.sequence);
      if (isFirst && owner !== history) this.#histories.elsewhere.push({ of: history.partition, ...place });
      if (isFirst) this.#row(history, eventOf(parsed.texts));
      else history.dueDuplicates += 1;
      return;
    }
    const stray = this.#histories.strays.named(parsed.run, parsed.event);
    if (stray === undefined) return;
    if (stray.due) history.dueDuplicates += 1;
    else this.#row(history, eventOf(parsed.texts));
    stray.due = true;
  }

  /** The attempted event that a value names. */
  #attemptedEvent({ run, event }: ParsedRecord): { owner: PartitionHistory; place: EventPlace } | undefined {
    const place = run === String(this.#histories.run) ? eventPlace(exactInteger(event) ?? Number.NaN) : undefined;
    if (place === undefined) return undefined;
    const owner = this.#histories.partitions[place.partition];
    return owner?.isAttempted(place.sequence) ? { owner, place } : undefined;
  }

  #row(history: PartitionHistory, event: EventBytes): void {
    history.dueRows += 1;
    for (const aggregate of this.#histories.aggregates) aggregate.add(event, history.partition);
  }

  #letter(history: PartitionHistory, offset: number, sequence: number, record: RawRecord, isSame: boolean): void {
    history.dueLetters += 1;
    const position = history.letters.match(offset);
    if (hasBytes(history.letters, position, sequence, record, isSame)) return;
    if (sequence >= 0) (position < 0 ? history.letterMissing : history.letterDiffers).set(sequence);
    else
      keepOdd(
        this.#histories.oddLetters,
        `p${history.partition} offset ${offset}: ${position < 0 ? "missing" : "other bytes"}`,
      );
  }

  #stray(
    history: PartitionHistory,
    offset: number,
    isBelow: boolean,
    key: { run: number; partition: number; sequence: number } | undefined,
    record: RawRecord,
  ): void {
    const parsed = parseRecord(this.#histories.pipeline, valueOf(record));
    const isOurs =
      key !== undefined &&
      key.run === this.#histories.run &&
      this.#histories.partitions[key.partition]?.isAttempted(key.sequence) === true;
    const stray =
      key === undefined || isOurs ? undefined : this.#histories.strays.of(key.run, key.partition, key.sequence);
    if (stray !== undefined) {
      stray.records += 1;
      if (!isBelow) stray.above += 1;
    } else if (key === undefined || isOurs)
      keepOdd(
        this.#histories.oddRecords,
        `p${history.partition} offset ${offset} (${key === undefined ? "no event's key" : `p${key.partition} #${key.sequence} in another partition`})`,
      );
    if (isBelow) this.#owe(history, offset, -1, record, parsed);
  }

  #runsOf(history: PartitionHistory): BatchRuns {
    return (this.#runs[history.partition] ??= new BatchRuns(history.batches, history.torn));
  }
}

/** Whether the dead letter at a position (-1: none is there) has the record's bytes. A letter that is not odd has those of its attempted event, as has the record if `isSame`. */
function hasBytes(
  letters: DeadLetters,
  position: number,
  sequence: number,
  record: RawRecord,
  isSame: boolean,
): boolean {
  if (isSame && letters.sequences[position] === sequence) return true;
  const odd = letters.odd.get(position);
  return odd !== undefined && sameBytes(odd.key, keyOf(record)) && sameBytes(odd.value, valueOf(record));
}
