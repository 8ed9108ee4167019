import { eventNumber, eventPlace } from "../../contract/event.ts";
import type { EventPlace } from "../../contract/event.ts";
import type { RandomStream } from "../../contract/random.ts";
import { bytesOf, linesOf, pickIndex, replaced, spoilCharacter } from "./lines.ts";
import type { Plant, Spoilt } from "./plant.ts";
import type { RunBytes } from "./run-bytes.ts";

/** Events that no ledger gets to: beyond all sequences of a partition that a small run may have. */
const FAR = 2 ** 32 + 7;

/** Damage in PostgreSQL's tables, done to lines as COPY gave them. */
export const TABLE_PLANTS: readonly Plant[] = [
  { kind: "lost-sink", name: "a row is taken away", spoil: atRow(() => []) },
  { kind: "duplicate-sink", name: "a row is there twice", spoil: atRow((line) => [line, line]) },
  {
    kind: "corrupt",
    name: "a character of a row is changed",
    spoil: atRow((line, random) => {
      const texts = line.split("\t");
      const filled = texts.flatMap((text, index) =>
        index >= 2 && /[0-9a-z]/i.test(text) && text !== "\\N" ? index : [],
      );
      const column = filled[pickIndex(random, filled) ?? -1];
      const changed = column === undefined ? undefined : changedColumn(texts[column] as string, random);
      return changed === undefined ? undefined : [texts.with(column as number, changed).join("\t")];
    }),
  },
  {
    kind: "phantom",
    name: "a row is copied under another id",
    spoil: (bytes, random) => {
      const found = pickRow(bytes, random);
      if (found === undefined) return undefined;
      const place = { partition: found.place.partition, sequence: found.place.sequence + FAR };
      const texts = found.line.split("\t").with(1, String(eventNumber(place.partition, place.sequence)));
      return { bytes: { ...bytes, rows: bytesOf([...linesOf(bytes.rows), texts.join("\t")]) }, place };
    },
  },
  {
    kind: "foreign-run",
    name: "a row is copied into another run",
    spoil: (bytes, random) => {
      const found = pickRow(bytes, random);
      if (found === undefined) return undefined;
      const texts = found.line.split("\t");
      const line = texts.with(0, String(Number(texts[0]) - 1)).join("\t");
      return { bytes: { ...bytes, rows: bytesOf([...linesOf(bytes.rows), line]) } };
    },
  },
  {
    kind: "aggregate-mismatch",
    name: "a figure of a group is changed",
    spoil: (bytes, random, pipeline) => {
      const table = pickIndex(random, pipeline.aggregates);
      const lines = linesOf(bytes.groups[table ?? -1] ?? Buffer.alloc(0));
      const index = pickIndex(random, lines);
      if (table === undefined || index === undefined) return undefined;
      const texts = (lines[index] as string).split("\t");
      const { sums } = pipeline.aggregates[table] as { sums: object };
      const column = texts.length - 1 - random.integer(0, Object.keys(sums).length);
      const changed = spoilCharacter(random, texts[column] as string);
      if (changed === undefined) return undefined;
      const line = texts.with(column, changed).join("\t");
      return { bytes: { ...bytes, groups: bytes.groups.with(table, bytesOf(replaced(lines, index, line))) } };
    },
  },
  {
    kind: "aggregate-mismatch",
    name: "a group is taken away",
    spoil: (bytes, random, pipeline) => {
      const table = pickIndex(random, pipeline.aggregates);
      const lines = linesOf(bytes.groups[table ?? -1] ?? Buffer.alloc(0));
      const index = pickIndex(random, lines);
      if (table === undefined || index === undefined) return undefined;
      return { bytes: { ...bytes, groups: bytes.groups.with(table, bytesOf(replaced(lines, index))) } };
    },
  },
  {
    kind: "offset-gap",
    name: "a figure of sink_offsets is changed",
    spoil: (bytes, random) => {
      const lines = linesOf(bytes.offsets);
      const index = pickIndex(random, lines);
      if (index === undefined) return undefined;
      const texts = (lines[index] as string).split("\t");
      const column = random.integer(3, 7);
      const text = String(Number(texts[column]) + random.integer(1, 1000));
      return { bytes: { ...bytes, offsets: bytesOf(replaced(lines, index, texts.with(column, text).join("\t"))) } };
    },
  },
  { kind: "dead-letter-mismatch", name: "a dead letter is taken away", spoil: atLetter(() => []) },
  {
    kind: "dead-letter-mismatch",
    name: "a byte of a dead letter is changed",
    spoil: atLetter((line, random) => {
      const texts = line.split("\t");
      const value = texts[5] as string;
      if (!/^\\\\x[0-9a-f]{2}/.test(value)) return undefined;
      const at = random.integer(3, value.length - 1);
      const digit = value[at] === "0" ? "1" : "0";
      return [texts.with(5, value.slice(0, at) + digit + value.slice(at + 1)).join("\t")];
    }),
  },
];

function changedColumn(text: string, random: RandomStream): string | undefined {
  if (text === "t" || text === "f") return text === "t" ? "f" : "t";
  const changed = spoilCharacter(random, text);
  // Two spellings may have one value: 1.50 and 1.5 of a double precision, or the escape of a character.
  return changed === undefined || Number(changed) === Number(text) ? undefined : changed;
}

function pickRow(
  bytes: RunBytes,
  random: RandomStream,
): { index: number; line: string; place: EventPlace } | undefined {
  const lines = linesOf(bytes.rows);
  const index = pickIndex(random, lines);
  const line = lines[index ?? -1];
  const place = line === undefined ? undefined : eventPlace(Number(line.split("\t", 2)[1]));
  return index === undefined || line === undefined || place === undefined ? undefined : { index, line, place };
}

function atRow(change: (line: string, random: RandomStream) => string[] | undefined) {
  return (bytes: RunBytes, random: RandomStream): Spoilt | undefined => {
    const found = pickRow(bytes, random);
    const by = found === undefined ? undefined : change(found.line, random);
    if (found === undefined || by === undefined) return undefined;
    return {
      bytes: { ...bytes, rows: bytesOf(replaced(linesOf(bytes.rows), found.index, ...by)) },
      place: found.place,
    };
  };
}

function atLetter(change: (line: string, random: RandomStream) => string[] | undefined) {
  return (bytes: RunBytes, random: RandomStream): Spoilt | undefined => {
    const lines = linesOf(bytes.letters);
    const index = pickIndex(random, lines);
    const by = index === undefined ? undefined : change(lines[index] as string, random);
    if (index === undefined || by === undefined) return undefined;
    return { bytes: { ...bytes, letters: bytesOf(replaced(lines, index, ...by)) } };
  };
}
