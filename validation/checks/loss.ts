import type { Check } from "./check.ts";
import { Findings, strayText } from "./findings.ts";

/** Finds acknowledged events that are not at the offset that Kafka acknowledged. */
export const lostKafka: Check = {
  kinds: ["lost-kafka"],
  needs: ["log"],
  find: ({ partitions }) => {
    const findings = new Findings("lost-kafka");
    for (const { partition, acknowledged, inLog, atAcknowledgedOffset, expired } of partitions) {
      const present = inLog.atLeast(1);
      const due = (word: number) => acknowledged.word(word) & ~expired.word(word);
      findings.add(partition, [acknowledged], (word) => due(word) & ~present.word(word), "not in the log");
      findings.add(
        partition,
        [acknowledged],
        (word) => due(word) & present.word(word) & ~atAcknowledgedOffset.word(word),
        "not at the acknowledged offset, where another record stands",
      );
    }
    return findings.anomalies();
  },
};

/** Finds events below next_offset that have neither a row nor a dead letter. */
export const lostSink: Check = {
  kinds: ["lost-sink"],
  needs: ["log", "sink"],
  find: ({ partitions, strays, run }) => {
    const findings = new Findings("lost-sink");
    for (const { partition, due, rows, letterOfRow } of partitions) {
      const stored = rows.atLeast(1);
      findings.add(partition, [due], (word) => due.word(word) & ~stored.word(word) & ~letterOfRow.word(word));
    }
    for (const stray of strays.events.values())
      if (stray.due && stray.rows === 0) findings.addText(strayText(run, stray));
    return findings.anomalies();
  },
};

/** Finds events in the log that the sink had not applied when time ran out. */
export const unseen: Check = {
  kinds: ["unseen"],
  needs: ["log", "sink"],
  find: ({ partitions, strays, run }) => {
    const findings = new Findings("unseen");
    for (const { partition, above } of partitions) findings.add(partition, [above], (word) => above.word(word));
    for (const stray of strays.events.values())
      if (stray.above > 0 && stray.above === stray.records) findings.addText(strayText(run, stray));
    return findings.anomalies();
  },
};

/** Says which indeterminate events are in the log, and which are not. Both are right, so this changes no verdict. */
export const indeterminate: Check = {
  kinds: ["recovered", "not-recovered"],
  needs: ["log"],
  find: ({ partitions }) => {
    const recovered = new Findings("recovered");
    const absent = new Findings("not-recovered");
    for (const { partition, attempted, acknowledged, failed, inLog } of partitions) {
      const [once, twice] = [inLog.atLeast(1), inLog.atLeast(2)];
      const open = (word: number) => attempted.word(word) & ~acknowledged.word(word) & ~failed.word(word);
      recovered.add(partition, [attempted], (word) => open(word) & once.word(word) & ~twice.word(word));
      absent.add(partition, [attempted], (word) => open(word) & ~once.word(word));
    }
    return [...recovered.anomalies(), ...absent.anomalies()];
  },
};
