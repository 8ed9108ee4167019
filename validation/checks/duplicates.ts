import type { Check } from "./check.ts";
import { Findings, rangeText } from "./findings.ts";

/** More than one row for an event. */
export const duplicateSink: Check = {
  kinds: ["duplicate-sink"],
  needs: ["sink"],
  find: ({ partitions, strays }) => {
    const findings = new Findings("duplicate-sink");
    for (const { partition, rows } of partitions) {
      const twice = rows.atLeast(2);
      findings.add(partition, [twice], (word) => twice.word(word));
    }
    for (const stray of strays.events.values()) if (stray.rows > 1) findings.addText(`run ${stray.run} ${rangeText(stray.partition, stray.sequence)}`);
    return findings.anomalies();
  },
};

/** An event at several offsets: as often as it was attempted, or more often than that. */
export const duplicateLog: Check = {
  kinds: ["duplicate-log", "repeated-in-log"],
  needs: ["log"],
  find: ({ partitions }) => {
    const unexplained = new Findings("duplicate-log");
    const explained = new Findings("repeated-in-log");
    for (const { partition, batches, inLog, failed } of partitions) {
      const twice = inLog.atLeast(2);
      const tooOften = twice.clone();
      for (let word = 0; word < twice.words; word++) {
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
