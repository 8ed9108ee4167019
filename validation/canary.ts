import type { Anomaly, AnomalyKind } from "../contract/verdict.ts";
import { CHECKS } from "./checks/all.ts";
import { partitionProblems } from "./checks/offsets.ts";
import type { Histories, PartitionHistory } from "./histories/histories.ts";
import { LogIngest } from "./histories/log-ingest.ts";
import { SinkIngest } from "./histories/sink-ingest.ts";
import { findAnomalies } from "./judge.ts";

export type CanaryResult = { planted: number; found: number; missed: AnomalyKind[] };

/** An event with which all is well, as far as the read sources say. */
type Sound = { history: PartitionHistory; sequence: number };
type Garden = { copy: Histories; sound: Iterator<Sound>; undo: (() => void)[] };

/** Above every sequence that a ledger may have. */
const NEVER_ATTEMPTED = 2 ** 39;
/** Above every offset that a sink may have applied. */
const NEVER_APPLIED = Number.MAX_SAFE_INTEGER;

/**
 * Plants one anomaly of each kind in a copy of the histories, where all is well, and looks whether the checks find one more of each.
 * What can't be planted (its source was not read, no event is sound) does not count as planted.
 */
export function runCanary(histories: Histories, before: readonly Anomaly[]): CanaryResult {
  const copy = histories.clone();
  const garden: Garden = { copy, sound: soundEvents(copy), undo: [] };
  const isRead = { log: histories.logRead, sink: histories.sinkRead };
  const kinds = CHECKS.filter((check) => check.needs.every((source) => isRead[source])).flatMap((check) => check.kinds);
  const planted = kinds.filter((kind) => PLANTS[kind]?.(garden) === true);
  try {
    const after = findAnomalies(copy);
    const missed = planted.filter((kind) => countOf(after, kind) <= countOf(before, kind));
    return { planted: planted.length, found: planted.length - missed.length, missed };
  } finally {
    for (const step of garden.undo) step();
  }
}

function countOf(list: readonly Anomaly[], kind: AnomalyKind): number {
  return list.find((item) => item.kind === kind)?.count ?? 0;
}

/** How to plant each kind; those that change no verdict are left out. Returns whether it was possible. */
const PLANTS: Partial<Record<AnomalyKind, (garden: Garden) => boolean>> = {
  "lost-kafka": atSound(({ history, sequence }) => history.inLog.remove(sequence)),
  "lost-sink": atSound(({ history, sequence }) => history.rows.remove(sequence)),
  unseen: atSound(({ history, sequence }) => history.above.set(sequence)),
  "failed-visible": atSound(({ history, sequence }) => history.failed.set(sequence)),
  "duplicate-sink": atSound(({ history, sequence }) => history.rows.add(sequence)),
  "duplicate-log": atSound(({ history, sequence }) => {
    const explained = history.batches.explained(history.batches.find(sequence));
    while (history.inLog.timesOf(sequence) <= explained) history.inLog.add(sequence);
  }),
  reorder: atSound(({ history, sequence }) => history.late.set(sequence)),
  "dead-letter-mismatch": atSound(({ history, sequence }) => history.letterMissing.set(sequence)),
  phantom: ({ copy }) => plantStray(copy, copy.run),
  "foreign-run": ({ copy }) => plantStray(copy, copy.run === 1 ? 2 : copy.run - 1),
  corrupt: ({ copy }) => [spoilRow(copy), spoilRecord(copy)].includes(true),
  "offset-gap": ({ copy }) => {
    const history = copy.partitions.find((item) => item.sink !== undefined && partitionProblems(item, false).length === 0);
    if (history?.sink === undefined) return false;
    history.sink.rows += 1;
    return true;
  },
  "aggregate-mismatch": ({ copy, undo }) => {
    for (const table of copy.aggregates)
      for (const [key, stored] of table.stored) {
        if (table.computedGroup(key)?.count !== stored.count) continue;
        // The groups are shared with the original: put this one back.
        table.stored.set(key, { ...stored, count: stored.count + 1n });
        undo.push(() => table.stored.set(key, stored));
        return true;
      }
    return false;
  },
};

function atSound(plant: (event: Sound) => void): (garden: Garden) => boolean {
  return ({ sound }) => {
    const next = sound.next();
    if (next.done === true) return false;
    plant(next.value);
    return true;
  };
}

/** Acknowledged events, each once in the log and the table as far as those were read, in no set of a check, and no sample. */
function* soundEvents({ partitions, samples, sinkRead, logRead }: Histories): Generator<Sound> {
  for (const history of partitions) {
    const { acknowledged, due, rows, inLog, atAcknowledgedOffset, partition } = history;
    for (let sequence = 0; sequence < acknowledged.words * 32; sequence++) {
      if (!acknowledged.has(sequence)) continue;
      const isSample = [samples.row, samples.record].some((sample) => sample?.partition === partition && sample.sequence === sequence);
      const isInLog = !logRead || (inLog.timesOf(sequence) === 1 && atAcknowledgedOffset.has(sequence));
      const isStored = !sinkRead || rows.timesOf(sequence) === 1;
      const isWhole = !sinkRead || !logRead || due.has(sequence);
      const isNamed = [history.late, history.corruptRecord, history.corruptRow, history.above, history.expired, history.letterOfRow].some((set) =>
        set.has(sequence),
      );
      if (isInLog && isStored && isWhole && !isSample && !isNamed) yield { history, sequence };
    }
  }
}

function plantStray(copy: Histories, run: number): boolean {
  const stray = copy.strays.of(run, 0, NEVER_ATTEMPTED);
  if (stray === undefined) return false;
  stray.rows += 1;
  return true;
}

/** Feeds a row that was good with its first field changed: the reader itself must see it. */
function spoilRow(copy: Histories): boolean {
  const sample = copy.samples.row;
  if (sample === undefined) return false;
  const texts = sample.line.split("\t");
  const index = texts.findIndex((text, at) => at >= 2 && text !== "\\N");
  if (index < 0) return false;
  const text = texts[index] as string;
  texts[index] = text.slice(0, -1) + (text.endsWith("1") ? "2" : "1");
  copy.partitions[sample.partition]?.rows.remove(sample.sequence);
  new SinkIngest(copy, copy.pipeline.topic).rowLine(texts.join("\t"));
  return true;
}

/** Feeds a record that was good with one bit flipped. */
function spoilRecord(copy: Histories): boolean {
  const sample = copy.samples.record;
  const history = copy.partitions[sample?.partition ?? -1];
  if (sample === undefined || history === undefined) return false;
  const bytes = Buffer.concat([sample.key, sample.value]);
  const middle = sample.key.length + (sample.value.length >>> 1);
  bytes[middle] = (bytes[middle] as number) ^ 1;
  const wasAbove = history.above.has(sample.sequence);
  history.inLog.remove(sample.sequence);
  const record = { bytes, keyFrom: 0, keyTo: sample.key.length, valueFrom: sample.key.length, valueTo: bytes.length };
  new LogIngest(copy).record(sample.partition, NEVER_APPLIED, record);
  if (!wasAbove) history.above.clear(sample.sequence);
  return true;
}
