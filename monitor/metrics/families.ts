import { basename } from "node:path";
import { isActive } from "../../contract/fault-history.ts";
import type { PartitionHealth } from "../../contract/health.ts";
import { FAULT_KINDS } from "../../contract/plan.ts";
import type { Sample } from "../../contract/sample.ts";
import { VERDICTS } from "../../contract/verdict.ts";
import type { Facts, Total } from "./facts.ts";

/** One line of a family: the labels' values, and the value. null or undefined is unknown: the line is left out. */
export type Reading = { labels?: Record<string, string>; value: number | null | undefined };

/** One metric as Prometheus knows it: lines of the same name that differ in their labels. docs/metrics.md has the same table. */
export type Family = {
  name: string;
  type: "counter" | "gauge";
  /** The end of the name (before `_total`), where it is a unit. */
  unit?: "seconds" | "events" | "rows" | "partitions";
  labels: readonly string[];
  /** Without quotes, which OpenMetrics wants escaped and prom-client does not escape. */
  help: string;
  read(facts: Facts): readonly Reading[];
};

const SECOND_MS = 1_000;

export const FAMILIES: readonly Family[] = [
  {
    name: "faultline_run_info",
    type: "gauge",
    labels: ["run", "pipeline", "topic"],
    help: "The run that is watched; always 1.",
    read: ({ observed: { directory, pipeline } }) => [
      { labels: { run: basename(directory), pipeline: pipeline.name, topic: pipeline.topic }, value: 1 },
    ],
  },
  {
    name: "faultline_sample_age_seconds",
    type: "gauge",
    unit: "seconds",
    labels: [],
    help: "Time since the monitor's last sample. All that comes from samples is absent if it is above 5 s.",
    read: ({ atMs, observed: { sample } }) => [
      { value: sample === undefined ? undefined : (atMs - sample.at_ms) / SECOND_MS },
    ],
  },
  total("faultline_attempted_events_total", "events", "attempted", "Events whose attempt is in the run ledger."),
  total(
    "faultline_acknowledged_events_total",
    "events",
    "acknowledged",
    "Events that Kafka has acknowledged to the producer, by the run ledger.",
  ),
  total("faultline_stored_rows_total", "rows", "rows", "Rows that the sink has stored, by sink_offsets."),
  total(
    "faultline_duplicate_events_total",
    "events",
    "duplicates",
    "Records of the log whose event had its row already; the sink stored it once.",
  ),
  total(
    "faultline_dead_letters_total",
    undefined,
    "dead_letters",
    "Records that can not become a row and are kept in dead_letters.",
  ),
  ofSample(
    "faultline_backlog_events",
    "events",
    "Events that are due by the producer's rate but not attempted yet.",
    (sample) => sample.backlog,
  ),
  ofSample(
    "faultline_lag_events",
    "events",
    "Records that are in the log and not stored yet, over all partitions.",
    (sample) => sample.lag,
  ),
  ofSample(
    "faultline_under_replicated_partitions",
    "partitions",
    "Partitions whose in-sync replicas are fewer than their replicas.",
    (sample) => sample.under_replicated,
  ),
  latency("p50", "Half of the rows", (sample) => sample.latency_p50_ms),
  latency("p99", "99 of 100 rows", (sample) => sample.latency_p99_ms),
  latency("max", "All rows", (sample) => sample.latency_max_ms),
  perPartition("log_end_offset", "Log end offset of the partition in Kafka.", (sample) => sample.log_ends),
  perPartition(
    "next_offset",
    "The offset that the sink stores next, by sink_offsets.",
    (sample) => sample.next_offsets,
  ),
  perPartition("isr", "Replicas that are in sync; 0: the partition has no leader.", (sample) => sample.isr),
  ofHealth(
    "unstored_age_seconds",
    "How long ago the oldest record that is not stored was made; 0: all are stored.",
    ({ unstored_age_ms }) => seconds(unstored_age_ms),
  ),
  ofHealth(
    "standstill_seconds",
    "For how long nothing of the partition was stored although there was something to store; 0: it does not stand still.",
    ({ standstill_ms }) => seconds(standstill_ms),
  ),
  ofHealth("stuck", "1: the partition stands still for too long, although there is something to store.", ({ state }) =>
    state === "unknown" ? null : Number(state === "stuck"),
  ),
  {
    name: "faultline_node_up",
    type: "gauge",
    labels: ["node", "kind"],
    help: "1: the node answers in its own protocol; 0: it does not.",
    read: ({ sample }) =>
      (sample?.nodes ?? []).map(({ name, kind, answers }) => ({
        labels: { node: name, kind },
        value: answers === null ? null : Number(answers),
      })),
  },
  {
    name: "faultline_node_role",
    type: "gauge",
    labels: ["node", "kind", "role"],
    help: "What the node is, as it or its cluster says: controller, leader, primary, active, standby, done; always 1.",
    read: ({ sample }) =>
      (sample?.nodes ?? []).flatMap(({ name, kind, role }) =>
        role === null ? [] : [{ labels: { node: name, kind, role }, value: 1 }],
      ),
  },
  {
    name: "faultline_driver_active",
    type: "gauge",
    labels: ["node"],
    help: "Of several drivers, 1: it has the right to write; 0: it stands by, starts, or does not answer.",
    read: ({ sample }) => {
      const drivers = (sample?.nodes ?? []).filter(({ kind }) => kind === "driver");
      return drivers.length < 2
        ? []
        : drivers.map(({ name, role }) => ({ labels: { node: name }, value: Number(role === "active") }));
    },
  },
  {
    name: "faultline_active_faults",
    type: "gauge",
    labels: ["kind", "node"],
    help: "Faults that bit and are not undone yet, of each kind and node that was struck in this run.",
    read: ({ observed: { faults } }) => {
      const places = new Map(faults.map(({ kind, node }) => [`${kind} ${node}`, { kind, node }]));
      return [...places.values()].map((labels) => ({
        labels,
        value: faults.filter((fault) => fault.kind === labels.kind && fault.node === labels.node && isActive(fault))
          .length,
      }));
    },
  },
  {
    name: "faultline_faults_total",
    type: "counter",
    labels: ["kind"],
    help: "Faults that struck and bit. A fault without effect does not count.",
    read: ({ observed: { faults } }) =>
      FAULT_KINDS.map((kind) => ({
        labels: { kind },
        value: faults.filter((fault) => fault.kind === kind && fault.effective === true).length,
      })),
  },
  {
    name: "faultline_verdict",
    type: "gauge",
    labels: ["verdict"],
    help: "1 for the run's last verdict, 0 for the others; absent while there is none.",
    read: ({ verdict }) =>
      verdict === undefined
        ? []
        : VERDICTS.map((name) => ({ labels: { verdict: name }, value: Number(name === verdict.verdict) })),
  },
  {
    name: "faultline_verdict_timestamp_seconds",
    type: "gauge",
    unit: "seconds",
    labels: [],
    help: "When the run's last verdict was given, since 1970.",
    read: ({ verdict }) => [{ value: seconds(verdict?.at_ms) }],
  },
];

function seconds(ms: number | null | undefined): number | null | undefined {
  return typeof ms === "number" ? ms / SECOND_MS : ms;
}

function total(name: string, unit: Family["unit"], of: Total, help: string): Family {
  return {
    name,
    type: "counter",
    ...(unit && { unit }),
    labels: [],
    help,
    read: ({ totals }) => [{ value: totals[of] }],
  };
}

function ofSample(name: string, unit: Family["unit"], help: string, of: (sample: Sample) => number | null): Family {
  return {
    name,
    type: "gauge",
    ...(unit && { unit }),
    labels: [],
    help,
    read: ({ sample }) => [{ value: sample && of(sample) }],
  };
}

function latency(which: string, share: string, of: (sample: Sample) => number | null): Family {
  const help = `${share} stored since the sample before were durable within this time after their event was made.`;
  return ofSample(`faultline_latency_${which}_seconds`, "seconds", help, (sample) => seconds(of(sample)) ?? null);
}

function perPartition(what: string, help: string, of: (sample: Sample) => readonly number[] | null): Family {
  return {
    name: `faultline_partition_${what}`,
    type: "gauge",
    labels: ["partition"],
    help,
    read: ({ sample }) =>
      (sample && of(sample))?.map((value, partition) => ({ labels: { partition: `${partition}` }, value })) ?? [],
  };
}

function ofHealth(what: string, help: string, of: (health: PartitionHealth) => number | null | undefined): Family {
  return {
    name: `faultline_partition_${what}`,
    type: "gauge",
    ...(what.endsWith("_seconds") && { unit: "seconds" as const }),
    labels: ["partition"],
    help,
    read: ({ health }) =>
      (health?.partitions ?? []).map((partition) => ({
        labels: { partition: `${partition.partition}` },
        value: of(partition),
      })),
  };
}
