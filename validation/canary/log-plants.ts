import type { EventPlace } from "../../contract/event.ts";
import { parseEventKey } from "../../contract/event.ts";
import { LedgerTally } from "../../contract/ledger-tally.ts";
import type { LedgerAck, LedgerRecord } from "../../contract/ledger.ts";
import { ledgerReader } from "../../contract/ledger.ts";
import { encodeLog } from "../../contract/log-line.ts";
import type { RandomStream } from "../../contract/random.ts";
import { readBatches } from "../read/record-batch.ts";
import type { BatchBytes } from "../read/batch-bytes.ts";
import { batchesOf, laidOut } from "../read/batch-bytes.ts";
import { bytesOf, linesOf, pickIndex, replaced } from "./lines.ts";
import type { Plant, Spoilt } from "./plant.ts";
import type { RunBytes } from "./run-bytes.ts";

/** Damage in Kafka's log and in the ledger, done to record batches and lines as they were read. */
export const LOG_PLANTS: readonly Plant[] = [
  {
    kind: "lost-kafka",
    name: "the last acknowledged batch of a partition is cut off",
    spoil: (bytes, random) => {
      const at = pickLog(bytes, random, (batches) => batches.length > 0);
      if (at === undefined) return undefined;
      const batches = batchesOf((bytes.log[at] as RunBytes["log"][0]).batches);
      const place = placeOf(batches.at(-1) as BatchBytes);
      if (place === undefined || !isAcknowledged(bytes, place)) return undefined;
      return { bytes: withLog(bytes, at, batches.slice(0, -1)), place };
    },
  },
  {
    kind: "duplicate-log",
    name: "a batch is in the log more often than it was sent",
    spoil: (bytes, random) => {
      const at = pickLog(bytes, random, (batches) => batches.length > 0);
      if (at === undefined) return undefined;
      const batches = batchesOf((bytes.log[at] as RunBytes["log"][0]).batches);
      const batch = batches[random.integer(0, batches.length - 1)] as BatchBytes;
      const place = placeOf(batch);
      if (place === undefined || !isAcknowledged(bytes, place)) return undefined;
      const copies = Array.from({ length: attemptsOf(bytes, place) + 1 }, () => batch);
      return { bytes: withLog(bytes, at, [...batches, ...copies]), place };
    },
  },
  {
    kind: "torn-batch",
    name: "the last record of a batch is missing",
    spoil: (bytes, random) => {
      const at = pickLog(bytes, random, (batches) => batches.length > 0);
      if (at === undefined) return undefined;
      const batches = batchesOf((bytes.log[at] as RunBytes["log"][0]).batches);
      const index = random.integer(0, batches.length - 1);
      const batch = batches[index] as BatchBytes;
      const place = placeOf(batch, true);
      if (place === undefined || sizeOf(bytes, place) < 2) return undefined;
      return { bytes: withLog(bytes, at, batches.toSpliced(index, 1, ...shortened(batch))), place };
    },
  },
  {
    kind: "reorder",
    name: "two batches that follow each other change places",
    spoil: (bytes, random) => {
      const at = pickLog(bytes, random, (batches) => batches.length > 1);
      if (at === undefined) return undefined;
      const batches = batchesOf((bytes.log[at] as RunBytes["log"][0]).batches);
      const first = random.integer(0, batches.length - 2);
      const [a, b] = [batches[first], batches[first + 1]] as [BatchBytes, BatchBytes];
      const [early, late] = [placeOf(a), placeOf(b)];
      const isFit = early !== undefined && late !== undefined && early.sequence < late.sequence;
      // An event that was sent twice may stand at another place as well.
      const isOnce =
        isFit && [early, late].every((place) => attemptsOf(bytes, place) === 1 && isAcknowledged(bytes, place));
      if (!isOnce) return undefined;
      return { bytes: withLog(bytes, at, batches.toSpliced(first, 2, b, a)), place: early };
    },
  },
  {
    kind: "unseen",
    name: "next_offset goes back",
    spoil: (bytes, random) => {
      const at = pickLog(bytes, random, (batches) => batches.length > 0);
      if (at === undefined) return undefined;
      const log = bytes.log[at] as RunBytes["log"][0];
      const batches = batchesOf(log.batches);
      const place = placeOf(batches[random.integer(0, batches.length - 1)] as BatchBytes);
      if (place === undefined || !isAcknowledged(bytes, place)) return undefined;
      // An event that was sent twice is seen as long as its first copy lies below next_offset.
      const first = firstOffsetOf(log, place);
      const lines = linesOf(bytes.offsets);
      const index = lines.findIndex((line) => line.split("\t", 3)[2] === String(at));
      const texts = lines[index]?.split("\t") ?? [];
      if (!(Number(texts[4]) > first)) return undefined;
      const line = texts.with(4, String(random.integer(log.start, first))).join("\t");
      return { bytes: { ...bytes, offsets: bytesOf(replaced(lines, index, line)) } };
    },
  },
  { kind: "corrupt", name: "a bit of a record's value is flipped", spoil: atValue },
  { kind: "phantom", name: "a record names an event that was never attempted", spoil: atKey(spoilSequence) },
  { kind: "foreign-run", name: "a record names another run", spoil: atKey(spoilRun) },
  {
    kind: "failed-visible",
    name: "the ledger says that a stored batch was refused",
    spoil: (bytes, random) => {
      const records = recordsOf(bytes);
      const acks = records.flatMap((record, index) => (record.t === "ack" ? index : []));
      const index = acks[pickIndex(random, acks) ?? -1];
      if (index === undefined) return undefined;
      const { p, s, n, at_ms } = records[index] as LedgerAck;
      if (attemptsOf(bytes, { partition: p, sequence: s }) > 1) return undefined;
      const forged = records.with(index, { t: "failed", p, s, n, why: "refused", at_ms });
      const ledger = Buffer.from(encodeLog(withTotals(forged)));
      return { bytes: { ...bytes, ledger }, place: { partition: p, sequence: s } };
    },
  },
  {
    kind: "ledger-damage",
    name: "a bit of a ledger line is flipped",
    spoil: (bytes, random) => {
      const ledger = Buffer.from(bytes.ledger);
      const at = pickIndex(random, ledger);
      // The first line says which run this is; without it nobody judges anything.
      if (at === undefined || at <= ledger.indexOf("\n") || ledger[at] === 0x0a) return undefined;
      ledger[at] = (ledger[at] as number) ^ (1 << random.integer(0, 6));
      return ledger[at] === 0x0a ? undefined : { bytes: { ...bytes, ledger } };
    },
  },
  {
    kind: "ledger-damage",
    name: "a ledger line is repeated",
    spoil: (bytes, random) => {
      const lines = linesOf(bytes.ledger);
      const index = pickIndex(random, lines);
      const line = lines[index ?? -1];
      if (index === undefined || line === undefined) return undefined;
      return { bytes: { ...bytes, ledger: bytesOf(replaced(lines, index, line, line)) } };
    },
  },
];

function pickLog(bytes: RunBytes, random: RandomStream, fits: (batches: BatchBytes[]) => boolean): number | undefined {
  const fit = bytes.log.flatMap(({ batches }, partition) => (fits(batchesOf(batches)) ? partition : []));
  return fit[pickIndex(random, fit) ?? -1];
}

function withLog(bytes: RunBytes, partition: number, batches: readonly BatchBytes[]): RunBytes {
  const { start } = bytes.log[partition] as RunBytes["log"][0];
  const { bytes: laid, end } = laidOut(batches, start);
  return { ...bytes, log: bytes.log.with(partition, { start, end, batches: laid }) };
}

type Found = { at: number; offset: number; place: EventPlace; key: [number, number]; value: [number, number] };

/** A random record that names an event: where its key and value stand in the partition's bytes. Compressed batches have none. */
function pickRecord(bytes: RunBytes, random: RandomStream): Found | undefined {
  const at = pickLog(bytes, random, (batches) => batches.length > 0);
  if (at === undefined) return undefined;
  const { batches, start, end } = bytes.log[at] as RunBytes["log"][0];
  const found: Found[] = [];
  readBatches(batches, start, end, {
    record: (offset, { bytes: body, keyFrom, keyTo, valueFrom, valueTo }) => {
      const base = body.byteOffset - batches.byteOffset;
      const key = keyTo < keyFrom ? undefined : parseEventKey(body.toString("latin1", keyFrom, keyTo));
      if (body.buffer !== batches.buffer || key === undefined) return;
      found.push({
        at,
        offset,
        place: key,
        key: [base + keyFrom, base + keyTo],
        value: [base + valueFrom, base + valueTo],
      });
    },
    gap: () => undefined,
  });
  return found[pickIndex(random, found) ?? -1];
}

function atValue(bytes: RunBytes, random: RandomStream): Spoilt | undefined {
  const found = pickRecord(bytes, random);
  if (found === undefined || found.value[1] <= found.value[0]) return undefined;
  const log = bytes.log[found.at] as RunBytes["log"][0];
  const batches = Buffer.from(log.batches);
  const byte = random.integer(found.value[0], found.value[1] - 1);
  batches[byte] = (batches[byte] as number) ^ (1 << random.integer(0, 7));
  return { bytes: { ...bytes, log: bytes.log.with(found.at, { ...log, batches }) }, place: found.place };
}

/** Digits of the key are replaced by as many others, so that no length changes. */
function atKey(spoil: (key: string, bytes: RunBytes) => string | undefined) {
  return (bytes: RunBytes, random: RandomStream): Spoilt | undefined => {
    const found = pickRecord(bytes, random);
    if (found === undefined) return undefined;
    const log = bytes.log[found.at] as RunBytes["log"][0];
    const batches = Buffer.from(log.batches);
    const spoilt = spoil(batches.toString("latin1", ...found.key), bytes);
    if (spoilt === undefined) return undefined;
    batches.write(spoilt, found.key[0], "latin1");
    return { bytes: { ...bytes, log: bytes.log.with(found.at, { ...log, batches }) } };
  };
}

function spoilSequence(key: string, bytes: RunBytes): string | undefined {
  const [run, event] = key.split(":") as [string, string];
  const spoilt = `${run}:9${event.slice(1)}`;
  const place = parseEventKey(spoilt);
  return place === undefined || attemptsOf(bytes, place) > 0 ? undefined : spoilt;
}

function spoilRun(key: string): string | undefined {
  const [run, event] = key.split(":") as [string, string];
  const last = run.endsWith("1") ? "2" : "1";
  return `${run.slice(0, -1)}${last}:${event}`;
}

/** A batch without its last record: the bytes stay, but the header counts one less. */
function shortened({ bytes, base, count }: BatchBytes): BatchBytes[] {
  if (count < 2) return [];
  const copy = Buffer.from(bytes);
  copy.writeInt32BE(count - 2, 23);
  copy.writeInt32BE(count - 1, 57);
  return [{ bytes: copy, base, count: count - 1 }];
}

/** How many events the producer sent in the batch of this one; 0: the ledger has no such batch. */
function sizeOf(bytes: RunBytes, place: EventPlace): number {
  const attempt = recordsOf(bytes).find((record) => record.t === "attempt" && isIn(record, place));
  return attempt?.t === "attempt" ? attempt.n : 0;
}

function firstOffsetOf({ batches, start, end }: RunBytes["log"][0], { partition, sequence }: EventPlace): number {
  let first = end;
  readBatches(batches, start, end, {
    record: (offset, { bytes, keyFrom, keyTo }) => {
      const place = parseEventKey(bytes.toString("latin1", keyFrom, keyTo));
      if (first === end && place?.partition === partition && place.sequence === sequence) first = offset;
    },
    gap: () => undefined,
  });
  return first;
}

/** The event of a batch's first record, or of its last. */
function placeOf({ bytes, base, count }: BatchBytes, isLast = false): EventPlace | undefined {
  let place: EventPlace | undefined;
  readBatches(bytes, base, base + count, {
    record: (_offset, record) => {
      if (place === undefined || isLast)
        place = parseEventKey(record.bytes.toString("latin1", record.keyFrom, record.keyTo));
    },
    gap: () => undefined,
  });
  return place;
}

/** The ledger's lines that can be read. Each plant asks for them several times. */
function recordsOf({ ledger }: RunBytes): LedgerRecord[] {
  let records = RECORDS.get(ledger);
  if (records === undefined) {
    const reader = ledgerReader();
    records = linesOf(ledger)
      .map((line) => reader.read(line))
      .filter((record) => typeof record !== "string");
    RECORDS.set(ledger, records);
  }
  return records;
}

const RECORDS = new WeakMap<Buffer, LedgerRecord[]>();

/** A forger takes care that the totals fit. */
function withTotals(records: readonly LedgerRecord[]): LedgerRecord[] {
  const tally = new LedgerTally();
  return records.map((record) => {
    const line = record.t === "close" ? tally.closing(record.at_ms) : record;
    tally.add(line);
    return line;
  });
}

function isAcknowledged(bytes: RunBytes, place: EventPlace): boolean {
  return recordsOf(bytes).some((record) => record.t === "ack" && isIn(record, place));
}

function attemptsOf(bytes: RunBytes, place: EventPlace): number {
  return recordsOf(bytes).filter((record) => record.t === "attempt" && isIn(record, place)).length;
}

function isIn({ p, s, n }: { p: number; s: number; n: number }, { partition, sequence }: EventPlace): boolean {
  return p === partition && sequence >= s && sequence < s + n;
}
