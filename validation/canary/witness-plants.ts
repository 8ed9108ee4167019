import { encodeLog } from "../../contract/log-line.ts";
import type { RandomStream } from "../../contract/random.ts";
import type { WitnessOf, WitnessRecord } from "../../contract/witness.ts";
import { witnessReader } from "../../contract/witness.ts";
import { bytesOf, linesOf, pickIndex, replaced } from "./lines.ts";
import type { PlantKind } from "./plant.ts";

/** Which lines can be held against the end of this run. */
export type WitnessPlaces = {
  /** Its range was read at the end, and nothing is wrong with it: only one thing is said of a range. */
  isSound: (line: WitnessOf<"log"> | WitnessOf<"rows">) => boolean;
  /** All events of the range were acknowledged, so it is known when they were due. */
  isDue: (line: WitnessOf<"rows">) => boolean;
};

/** Damage of the witness's file, which is read alone and held against the end that was read. @returns undefined: no place for it. */
export type WitnessPlant = {
  kind: PlantKind;
  name: string;
  spoil: (bytes: Buffer, random: RandomStream, places: WitnessPlaces) => Buffer | undefined;
};

const FAR = 1_000_000_000;

/** A forger recomputes the checksums, so only what was seen at the end can contradict. */
export const WITNESS_PLANTS: readonly WitnessPlant[] = [
  {
    kind: "inconsistent-offset",
    name: "the witness read other records",
    spoil: atLine("log", ({ isSound }, line) => isSound(line) && [{ ...line, digest: other(line.digest) }]),
  },
  {
    kind: "rewritten",
    name: "the witness read other rows",
    spoil: atLine("rows", ({ isSound }, line) => isSound(line) && [{ ...line, digest: `${line.digest}1` }]),
  },
  {
    kind: "vanished",
    name: "the witness saw one row more",
    spoil: atLine("rows", ({ isSound }, line) => isSound(line) && [{ ...line, rows: line.rows + 1 }]),
  },
  {
    kind: "vanished",
    name: "the log was longer",
    spoil: atLine("ends", (_places, line) => [{ ...line, high_watermark: line.high_watermark + FAR }]),
  },
  {
    kind: "rewound",
    name: "next_offset was higher",
    spoil: atLine("offsets", (_places, line) => [{ ...line, next_offset: line.next_offset + FAR }]),
  },
  {
    kind: "rewound",
    name: "the high watermark was higher",
    spoil: atLine("ends", (_places, line) => [{ ...line, high_watermark: line.high_watermark + FAR }]),
  },
  {
    kind: "torn-visible",
    name: "a snapshot did not agree",
    spoil: atLine("totals", (_places, line) => [
      { ...line, rows: line.rows + 1, agree: false, problems: ["one row is missing"] },
    ]),
  },
  {
    kind: "late-visible",
    name: "a row was not there after next_offset had passed it",
    spoil: atLine("rows", ({ isSound, isDue }, line, before) => {
      const isFirst = !before.some((item) => item.t === "rows" && sameRange(item, line));
      if (!isFirst || line.rows === 0 || !isSound(line) || !isDue(line)) return undefined;
      const passed = { t: "offsets", partition: line.partition, next_offset: FAR, generation: 1, rows: 0 } as const;
      return [
        { ...passed, duplicates: 0, dead_letters: 0, at_ms: line.at_ms },
        { ...line, rows: line.rows - 1, digest: `${line.digest}1` },
        line,
      ];
    }),
  },
  {
    kind: "witness-damage",
    name: "a bit of a line is flipped",
    spoil: (bytes, random) => {
      const spoilt = Buffer.from(bytes);
      const at = pickIndex(random, spoilt);
      if (at === undefined || spoilt[at] === 0x0a) return undefined;
      spoilt[at] = (spoilt[at] as number) ^ (1 << random.integer(0, 6));
      return spoilt[at] === 0x0a ? undefined : spoilt;
    },
  },
  {
    kind: "witness-damage",
    name: "a line is taken away",
    spoil: (bytes, random) => {
      const lines = linesOf(bytes);
      // Behind the last one nothing is chained to it.
      const index = pickIndex(random, lines.slice(0, -1));
      return index === undefined ? undefined : bytesOf(replaced(lines, index));
    },
  },
];

type SpoilLine<T extends WitnessRecord["t"]> = (
  places: WitnessPlaces,
  line: WitnessOf<T>,
  before: readonly WitnessRecord[],
) => WitnessRecord[] | false | undefined;

function atLine<T extends WitnessRecord["t"]>(t: T, change: SpoilLine<T>): WitnessPlant["spoil"] {
  return (bytes, random, places) => {
    const reader = witnessReader();
    const records = linesOf(bytes)
      .map((line) => reader.read(line))
      .filter((record) => typeof record !== "string");
    const fit = [...records.entries()].filter((entry): entry is [number, WitnessOf<T>] => entry[1].t === t);
    const [index, line] = fit[pickIndex(random, fit) ?? -1] ?? [];
    if (index === undefined || line === undefined) return undefined;
    const by = change(places, line, records.slice(0, index));
    return by ? Buffer.from(encodeLog(withCounts(records.toSpliced(index, 1, ...by)))) : undefined;
  };
}

function withCounts(records: readonly WitnessRecord[]): WitnessRecord[] {
  return records.map((record, lines) => (record.t === "close" ? { ...record, lines } : record));
}

function sameRange(a: WitnessOf<"rows">, b: WitnessOf<"rows">): boolean {
  return a.partition === b.partition && a.from === b.from && a.to === b.to;
}

function other(digest: string): string {
  return `${digest.startsWith("0") ? "1" : "0"}${digest.slice(1)}`;
}
