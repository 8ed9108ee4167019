import type { Check } from "./check.ts";
import { Findings, strayText } from "./findings.ts";
import { wordsOf } from "../histories/bitmap.ts";

/** Finds events with more than one row. */
export const duplicateSink: Check = {
  kinds: ["duplicate-sink"],
  needs: ["sink"],
  find: ({ partitions, strays, run }) => {
    const findings = new Findings("duplicate-sink");
    for (const { partition, rows } of partitions) {
      const twice = rows.atLeast(2);
      findings.add(partition, [twice], (word) => twice.word(word));
    }
    for (const stray of strays.events.values()) if (stray.rows > 1) findings.addText(strayText(run, stray));
    return findings.anomalies();
  },
};

/** Finds events at several offsets: at most as often as they were attempted, or more often. */
export const duplicateLog: Check = {
  kinds: ["duplicate-log", "repeated-in-log"],
  needs: ["log"],
  find: ({ partitions }) => {
    const unexplained = new Findings("duplicate-log");
    const explained = new Findings("repeated-in-log");
    for (const { partition, batches, inLog, failed } of partitions) {
      const twice = inLog.atLeast(2);
      const tooOften = twice.clone();
      for (const word of wordsOf([twice])) {
        for (let bits = twice.word(word); bits !== 0; bits &= bits - 1) {
          const sequence = word * 32 + (31 - Math.clz32(bits & -bits));
          const batch = batches.find(sequence);
          if (batch < 0 || inLog.timesOf(sequence) <= batches.explained(batch)) tooOften.clear(sequence);
        }
      }
      // A failed event that is present has a kind of its own.
      unexplained.add(partition, [tooOften], (word) => tooOften.word(word) & ~failed.word(word));
      explained.add(partition, [twice], (word) => twice.word(word) & ~tooOften.word(word));
    }
    return [...unexplained.anomalies(), ...explained.anomalies()];
  },
};
