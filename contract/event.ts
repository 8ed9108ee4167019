import { ByteWriter } from "./byte-writer.ts";
import { compileGenerator, type ValueWriter } from "./generate.ts";
import type { Pipeline } from "./pipeline.ts";
import { RandomStream } from "./random.ts";

/** Sequences per partition; event = partition · this + sequence, and 1000 partitions stay below 2^53. */
const SEQUENCES_PER_PARTITION = 2 ** 40;

export type EventPlace = { partition: number; sequence: number };

/** @returns the number of the event in its run, unique over all partitions. */
export function eventNumber(partition: number, sequence: number): number {
  return partition * SEQUENCES_PER_PARTITION + sequence;
}

/** The inverse of eventNumber. @returns undefined for a number that no event has. */
export function eventPlace(event: number): EventPlace | undefined {
  if (!Number.isSafeInteger(event) || event < 0) return undefined;
  return { partition: Math.floor(event / SEQUENCES_PER_PARTITION), sequence: event % SEQUENCES_PER_PARTITION };
}

/** Kafka's record key of an event: ASCII `<run>:<event>`. */
export function eventKey(run: number, partition: number, sequence: number): string {
  return `${run}:${eventNumber(partition, sequence)}`;
}

/** Reads a record key. @returns undefined for a key that no event has. */
export function parseEventKey(key: string): ({ run: number } & EventPlace) | undefined {
  const match = /^(0|[1-9]\d{0,9}):(0|[1-9]\d{0,15})$/.exec(key);
  if (match === null) return undefined;
  const place = eventPlace(Number(match[2]));
  return place === undefined ? undefined : { run: Number(match[1]), ...place };
}

/**
 * @returns the creation time of the index-th event of a batch, ms since 1970. The ledger has only the first and last creation time of a
 *   batch. The times between are spread evenly, so that everyone recomputes the same bytes.
 */
export function createdMsOf(batch: { firstMs: number; lastMs: number; count: number }, index: number): number {
  return batch.count <= 1
    ? batch.firstMs
    : batch.firstMs + Math.floor(((batch.lastMs - batch.firstMs) * index) / (batch.count - 1));
}

/** One event after another, as the JSON text of a well-formed event in UTF-8. */
export class EventBytes extends ByteWriter {
  partition = -1;
  sequence = -1;
  /** Where the JSON text of each field is, in the order of the pipeline: [from[i], to[i]). */
  readonly from: number[] = [];
  readonly to: number[] = [];

  /** The JSON text of a field. */
  textOf(index: number): string {
    return this.buffer.toString("utf8", this.from[index], this.to[index]);
  }
}

export type EventSource = {
  /** Writes an event in place of what `into` had: as a well-formed event, also if it is malformed in the log. */
  write(partition: number, sequence: number, createdMs: number, into: EventBytes): void;
  /** @returns the value of the event's record: its bytes, malformed for a malformed event. The same arguments give the same bytes. */
  value(partition: number, sequence: number, createdMs: number): Buffer;
  /** @returns the JSON text of a well-formed event, also for an event that is malformed in the log. */
  json(partition: number, sequence: number, createdMs: number): string;
  isMalformed(partition: number, sequence: number): boolean;
};

/** With these and the pipeline, anyone can recompute a run's events. `malformedPpm`: malformed events per million. */
export type EventSettings = { run: number; seed: number; malformedPpm: number };

const MALFORMED_STREAM = 0x6d616c66;
const CLOSING_BRACE = 0x7d;

/** Compiles a pipeline into a source of its events. */
export function eventSource(pipeline: Pipeline, settings: EventSettings): EventSource {
  const { run, seed, malformedPpm } = settings;
  const head = Buffer.from(`{"${pipeline.identity.run}":${run},"${pipeline.identity.event}":`);
  const prefixes = pipeline.fields.map((field) => Buffer.from(`,"${field.name}":`));
  const writers = pipeline.fields.map(compileGenerator);
  const scratch = new EventBytes();
  // A string where none may stand; every pipeline has such a member, since the identity's members are numbers.
  const wrongType = `{"${pipeline.identity.run}":${run},"${pipeline.identity.event}":"not a number"`;

  const write = (partition: number, sequence: number, createdMs: number, into: EventBytes): void => {
    const random = new RandomStream(seed, partition, sequence);
    into.partition = partition;
    into.sequence = sequence;
    into.length = 0;
    into.bytes(head);
    into.number(eventNumber(partition, sequence));
    for (let index = 0; index < writers.length; index++) {
      into.bytes(prefixes[index] as Buffer);
      into.from[index] = into.length;
      (writers[index] as ValueWriter)(random, createdMs, into);
      into.to[index] = into.length;
    }
    into.byte(CLOSING_BRACE);
  };
  const json = (partition: number, sequence: number, createdMs: number): string => {
    write(partition, sequence, createdMs, scratch);
    return scratch.toString();
  };
  const isMalformed = (partition: number, sequence: number): boolean =>
    malformedPpm > 0 &&
    new RandomStream(seed ^ MALFORMED_STREAM, partition, sequence).integer(0, 999_999) < malformedPpm;

  const malformed = (partition: number, sequence: number, createdMs: number): Buffer => {
    const text = json(partition, sequence, createdMs);
    switch (new RandomStream(seed ^ MALFORMED_STREAM, partition, sequence + 0.5 * 2 ** 40).next() % 5) {
      case 0:
        return Buffer.from(text.slice(0, Math.floor(text.length / 2)));
      case 1:
        return Buffer.from(wrongType + text.slice(text.indexOf(",", head.length)));
      case 2: // without the event's identity, which is NOT NULL
        return Buffer.from(`{${text.slice(text.indexOf(",", head.length) + 1)}`);
      case 3:
        return Buffer.concat([
          Buffer.from(text.slice(0, -1)),
          Buffer.from([0x2c, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]),
        ]);
      default:
        return Buffer.alloc(0);
    }
  };
  return {
    write,
    json,
    isMalformed,
    value: (partition, sequence, createdMs) => {
      if (isMalformed(partition, sequence)) return malformed(partition, sequence, createdMs);
      write(partition, sequence, createdMs, scratch);
      return Buffer.from(scratch.buffer.subarray(0, scratch.length));
    },
  };
}
