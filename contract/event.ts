import { compileGenerator } from "./generate.ts";
import type { Pipeline } from "./pipeline.ts";
import { RandomStream } from "./random.ts";

/** Sequences per partition; event = partition · this + sequence, and 1000 partitions stay below 2^53. */
const SEQUENCES_PER_PARTITION = 2 ** 40;

export type EventPlace = { partition: number; sequence: number };

/** @returns the number of the event in its run, unique over all partitions. */
export function eventNumber(partition: number, sequence: number): number {
  return partition * SEQUENCES_PER_PARTITION + sequence;
}

/** The inverse of eventNumber. Returns undefined for what can't be an event's number. */
export function eventPlace(event: number): EventPlace | undefined {
  if (!Number.isSafeInteger(event) || event < 0) return undefined;
  return { partition: Math.floor(event / SEQUENCES_PER_PARTITION), sequence: event % SEQUENCES_PER_PARTITION };
}

/** Kafka's record key of an event: ASCII `<run>:<event>`. */
export function eventKey(run: number, partition: number, sequence: number): string {
  return `${run}:${eventNumber(partition, sequence)}`;
}

/** Reads a record key. Returns undefined for a key that no event has. */
export function parseEventKey(key: string): ({ run: number } & EventPlace) | undefined {
  const match = /^(0|[1-9]\d{0,9}):(0|[1-9]\d{0,15})$/.exec(key);
  if (match === null) return undefined;
  const place = eventPlace(Number(match[2]));
  return place === undefined ? undefined : { run: Number(match[1]), ...place };
}

/**
 * Creation time of the index-th event of a batch, ms since 1970. The ledger keeps only the first and last creation time of a batch;
 * the ones between are spread evenly, so that everyone recomputes the same bytes.
 */
export function createdMsOf(batch: { firstMs: number; lastMs: number; count: number }, index: number): number {
  return batch.count <= 1 ? batch.firstMs : batch.firstMs + Math.floor(((batch.lastMs - batch.firstMs) * index) / (batch.count - 1));
}

export type EventSource = {
  /** @returns Kafka's record value: the event's bytes, or those of a malformed event. Deterministic in all arguments. */
  value(partition: number, sequence: number, createdMs: number): Buffer;
  /** @returns the JSON text of a well-formed event, also for an event that is malformed in the log. */
  json(partition: number, sequence: number, createdMs: number): string;
  isMalformed(partition: number, sequence: number): boolean;
};

/** What must be known to recompute a run's events, next to the pipeline. `malformedPpm`: malformed events per million. */
export type EventSettings = { run: number; seed: number; malformedPpm: number };

const MALFORMED_STREAM = 0x6d616c66;

/** Compiles a pipeline into a source of its events. */
export function eventSource(pipeline: Pipeline, settings: EventSettings): EventSource {
  const { run, seed, malformedPpm } = settings;
  const head = `{"${pipeline.identity.run}":${run},"${pipeline.identity.event}":`;
  const members = pipeline.fields.map((field) => ({ prefix: `,"${field.name}":`, write: compileGenerator(field) }));
  // A string where none may stand; every pipeline has such a member, since the identity's members are numbers.
  const wrongType = `{"${pipeline.identity.run}":${run},"${pipeline.identity.event}":"not a number"`;

  const json = (partition: number, sequence: number, createdMs: number): string => {
    const random = new RandomStream(seed, partition, sequence);
    let text = head + eventNumber(partition, sequence);
    for (const member of members) text += member.prefix + member.write(random, createdMs);
    return `${text}}`;
  };
  const isMalformed = (partition: number, sequence: number): boolean =>
    malformedPpm > 0 && new RandomStream(seed ^ MALFORMED_STREAM, partition, sequence).integer(0, 999_999) < malformedPpm;

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
        return Buffer.concat([Buffer.from(text.slice(0, -1)), Buffer.from([0x2c, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])]);
      default:
        return Buffer.alloc(0);
    }
  };
  return {
    json,
    isMalformed,
    value: (partition, sequence, createdMs) =>
      isMalformed(partition, sequence) ? malformed(partition, sequence, createdMs) : Buffer.from(json(partition, sequence, createdMs)),
  };
}
