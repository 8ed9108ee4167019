import { bytesOf, linesOf, pickIndex, replaced } from "./lines.ts";
import type { JournalPlant } from "./plant.ts";

/** Damage of the fault journal, done to its lines as they were read. */
export const JOURNAL_PLANTS: readonly JournalPlant[] = [
  {
    kind: "journal-damage",
    name: "a bit of a journal line is flipped",
    spoil: (journal, random) => {
      const spoilt = Buffer.from(journal);
      const at = pickIndex(random, spoilt);
      if (at === undefined || spoilt[at] === 0x0a) return undefined;
      spoilt[at] = (spoilt[at] as number) ^ (1 << random.integer(0, 6));
      return spoilt[at] === 0x0a ? undefined : spoilt;
    },
  },
  {
    kind: "journal-damage",
    name: "a journal line is taken away",
    spoil: (journal, random) => {
      const lines = linesOf(journal);
      const index = pickIndex(random, lines);
      return index === undefined ? undefined : bytesOf(replaced(lines, index));
    },
  },
  {
    kind: "journal-damage",
    name: "a journal line is repeated",
    spoil: (journal, random) => {
      const lines = linesOf(journal);
      const index = pickIndex(random, lines);
      const line = lines[index ?? -1];
      return index === undefined || line === undefined ? undefined : bytesOf(replaced(lines, index, line, line));
    },
  },
];
