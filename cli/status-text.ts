import type { PartitionHealth } from "../contract/health.ts";
import type { NodeReport, StackReport } from "../platform/runtime.ts";
import { countText, durationText } from "../report/view/number-text.ts";
import { statusOutcome } from "./status-outcome.ts";

/** The stack as a person reads it: every node, every partition, how to reach Kafka and PostgreSQL, and whether all is well. */
export function statusText(report: StackReport, nowMs = Date.now()): string {
  const { nodes, reach, stack } = report;
  if (nodes.length === 0) return "no stack is here; ./faultline up starts one\n";
  const links = Object.entries(reach).map(([name, how]) => `${name.padEnd(9)} ${how}`);
  const { outcome, reasons } = statusOutcome(report);
  const paragraphs = [
    nodes.flatMap(nodeLines),
    stack === undefined ? [] : partitionLines(report, nowMs),
    links,
    [[outcome, ...(reasons.length > 0 ? [reasons.join("; ")] : [])].join(": ")],
  ];
  return `${paragraphs
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n")}\n`;
}

function nodeLines(node: NodeReport): string[] {
  const state = node.state === "running" ? (node.ready ? "ready" : "running") : node.state;
  const addresses = Object.entries(node.addresses).map(([name, address]) => `${name} ${address}`);
  const last = [...(node.role === undefined ? [] : [node.role]), ...addresses].join(", ");
  return [
    `${node.name.padEnd(15)} ${state.padEnd(8)} ${node.supervision.padEnd(8)} pid ${String(node.process?.pid ?? "-").padEnd(8)} ${last}`,
    `    ${node.log}`,
    ...(node.error === null ? [] : [`    ${node.error}`]),
  ];
}

/** Without a health of now, at least what the sink has complained about. */
function partitionLines({ health, health_unknown, sink_errors }: StackReport, nowMs: number): string[] {
  if (health !== null) return health.partitions.flatMap(partitionLine);
  return [
    `partitions      unknown: ${health_unknown}`,
    ...sink_errors.map(
      ({ partition, error, at_ms }) =>
        `    partition ${partition}: the sink's last error, ${durationText(Math.max(0, nowMs - at_ms))} ago: ${error}`,
    ),
  ];
}

function partitionLine(health: PartitionHealth): string[] {
  const { partition, state, next_offset, log_end, unstored_age_ms, standstill_ms, reason } = health;
  const figures = `stored to ${countText(next_offset)} of ${countText(log_end)}`;
  const still = standstill_ms !== null && state === "stuck" ? `, still for ${durationText(standstill_ms)}` : "";
  return [
    `${`partition ${partition}`.padEnd(15)} ${state.padEnd(8)} ${figures.padEnd(32)} oldest event not stored: ${ageText(state === "idle" ? 0 : unstored_age_ms)}${still}`,
    ...(reason === null ? [] : [`    ${reason}`]),
  ];
}

function ageText(ms: number | null): string {
  if (ms === null) return "unknown";
  return ms === 0 ? "none" : `${durationText(ms)} old`;
}
