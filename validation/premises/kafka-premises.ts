import type { Premise } from "../../contract/verdict.ts";
import type { LogRange } from "../read/kafka-log.ts";
import type { KafkaFacts, PartitionFacts } from "./kafka-facts.ts";
import { holds, listText, notProved, recorded, unknown } from "./premise.ts";

/** Copies that an acknowledged event must have, so that it does not rest on the memory of one process: Kafka never waits for the disk. */
const FEWEST_COPIES = 2;

export const TOPIC_SETTINGS = [
  "min.insync.replicas",
  "unclean.leader.election.enable",
  "cleanup.policy",
  "retention.ms",
  "retention.bytes",
  "message.timestamp.type",
];

/** @param judged First offset and end of each partition as they were judged; undefined: the log was not read. */
export function kafkaPremises(facts: KafkaFacts, judged: (LogRange | undefined)[]): Premise[] {
  return [
    recorded("kafka.cluster_id", facts.clusterId),
    recorded("kafka.topic_id", facts.topicId),
    recorded(
      "kafka.leader_epochs",
      perPartition(facts.partitions, ({ leader, leaderEpoch }) => `${leader} since epoch ${leaderEpoch}`),
    ),
    replicas(facts.partitions),
    inSync(facts),
    minInSync(facts),
    ...settingPremises(facts),
    ...offsets(facts.ranges, judged),
  ];
}

/** Only the producers know it: each writes it when it opens the ledger. */
export function acksPremise(acks: ReadonlySet<number | undefined>): Premise {
  const name = "kafka.acks";
  const texts = [...acks].map((value) =>
    value === undefined ? "not in the ledger" : value === -1 ? "all" : `${value}`,
  );
  const text = listText(texts);
  const why = "with acks other than all, an acknowledged event had one copy only";
  if (acks.size > 0 && [...acks].every((value) => value === -1)) return holds(name, text, why);
  // Without a line of a producer there is no acknowledgement either.
  return [...acks].every((value) => value === undefined || value === -1)
    ? notProved(name, text, why)
    : unknown(name, text, why);
}

function replicas(partitions: PartitionFacts[]): Premise {
  const name = "kafka.replicas";
  const why = "Kafka keeps an acknowledged event by its copies, not by the disk: one copy is the memory of one process";
  const fewest = Math.min(...partitions.map((item) => item.replicas.length));
  const text = perPartition(partitions, (item) => item.replicas.join(" "));
  return fewest >= FEWEST_COPIES ? holds(name, text, why) : unknown(name, text, why);
}

/** Replicas that are behind now, although all faults are healed. What was acknowledged before had its copies. */
function inSync({ partitions, settings }: KafkaFacts): Premise {
  const name = "kafka.isr";
  const text = perPartition(partitions, ({ isr }) => isr.join(" "));
  const needed = Math.max(
    FEWEST_COPIES,
    ...valuesOf(settings, "min.insync.replicas").map(({ value }) => Number(value)),
  );
  const why = `with fewer than ${needed} replicas in sync, the log that was read may have no second copy now`;
  return partitions.every(({ isr }) => isr.length >= needed) ? holds(name, text, why) : notProved(name, text, why);
}

function minInSync({ settings }: KafkaFacts): Premise {
  const name = "kafka.min.insync.replicas";
  const why =
    "with less than 2, a leader alone may acknowledge an event, which is then only in the memory of one process";
  const values = valuesOf(settings, "min.insync.replicas");
  const isGood = values.length > 0 && values.every(({ value }) => Number(value) >= FEWEST_COPIES);
  const text = settingText(settings, "min.insync.replicas");
  return isGood ? holds(name, text, why) : unknown(name, text, why);
}

type Rule = { isGood: (value: string) => boolean; why: string };
const RULES: Record<string, Rule> = {
  "unclean.leader.election.enable": {
    isGood: (value) => value === "false",
    why: "a replica that lacks acknowledged events may become leader; such a loss is found if it came before the log was read",
  },
  "cleanup.policy": {
    isGood: (value) => value === "delete",
    why: "compaction removes records with the same key; what it had removed when the log was read would be found",
  },
  "retention.ms": {
    isGood: (value) => value === "-1",
    why: "Kafka deletes older records, so the log may not be there for another look",
  },
  "retention.bytes": {
    isGood: (value) => value === "-1",
    why: "Kafka deletes older records, so the log may not be there for another look",
  },
};

function settingPremises({ settings }: KafkaFacts): Premise[] {
  return TOPIC_SETTINGS.filter((name) => name !== "min.insync.replicas").map((name) => {
    const rule = RULES[name];
    const text = settingText(settings, name);
    if (rule === undefined) return recorded(`kafka.${name}`, text);
    const values = valuesOf(settings, name);
    const isGood = values.length > 0 && values.every(({ value }) => rule.isGood(value));
    return isGood ? holds(`kafka.${name}`, text, rule.why) : notProved(`kafka.${name}`, text, rule.why);
  });
}

/** The log must be the one that was judged, until all is read. */
function offsets(ranges: LogRange[], judged: (LogRange | undefined)[]): Premise[] {
  const starts = recorded(
    "kafka.log_start_offsets",
    perPartition(ranges, ({ start }) => `${start}`),
  );
  const name = "kafka.log_end_offsets";
  const text = perPartition(ranges, ({ end }) => `${end}`);
  const changes = (is: (now: LogRange, then: LogRange) => boolean) =>
    ranges.filter((now) => {
      const then = judged[now.partition];
      return then !== undefined && is(now, then);
    });
  const cut = changes((now, then) => now.end < then.end || now.start > then.start);
  const grown = changes((now, then) => now.end > then.end);
  if (cut.length > 0)
    return [
      starts,
      unknown(name, text, `Kafka cut or deleted records of partition ${partitionsText(cut)} while they were judged`),
    ];
  if (grown.length > 0)
    return [
      starts,
      notProved(
        name,
        text,
        `records of partition ${partitionsText(grown)} came after the log was read, and were not judged`,
      ),
    ];
  return [starts, recorded(name, text)];
}

function valuesOf(settings: KafkaFacts["settings"], name: string): { broker: number; value: string }[] {
  return settings.flatMap((item) => {
    const value = "values" in item ? item.values[name] : undefined;
    return value === undefined ? [] : [{ broker: item.broker, value }];
  });
}

/** One value if all brokers have the same; brokers that don't say are named. */
function settingText(settings: KafkaFacts["settings"], name: string): string {
  const values = valuesOf(settings, name);
  const different = new Set(values.map(({ value }) => value));
  const texts =
    different.size === 1 ? [...different] : values.map(({ broker, value }) => `${value} on broker ${broker}`);
  const silent = settings.flatMap((item) =>
    "problem" in item ? [`not readable on broker ${item.broker} (${item.problem})`] : [],
  );
  return [...texts, ...silent].join(", ") || "not readable";
}

function perPartition<T extends { partition: number }>(items: readonly T[], text: (item: T) => string): string {
  const texts = items.map(text);
  if (texts.length > 1 && texts.every((item) => item === texts[0]))
    return `${texts[0]} for all ${texts.length} partitions`;
  return items.map((item, index) => `p${item.partition}: ${texts[index]}`).join(", ");
}

function partitionsText(ranges: readonly LogRange[]): string {
  return ranges.map(({ partition }) => partition).join(", ");
}
