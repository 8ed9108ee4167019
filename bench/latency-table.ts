import type { LatencyBenchResult } from "./latency-result.ts";
import { machineText } from "./machine.ts";

/** The result as a Markdown table with its circumstances. */
export function renderLatencyTable(result: LatencyBenchResult): string {
  const lines = result.rows.map((row) => {
    const throttled = row.throttled > 0 ? `; ${row.throttled} events held back` : "";
    const times = [row.p50Ms, row.p90Ms, row.p99Ms, row.p999Ms, row.maxMs, row.flushP50Ms, row.flushP99Ms].map(
      timeText,
    );
    return `| ${row.title}${throttled} | ${row.rows.toLocaleString("en-US")} | ${times.slice(0, 5).join(" | ")} | ${times.slice(5).join(" / ")} |`;
  });
  const targets = result.targets.map(
    (target) =>
      `${target.met ? "met   " : "MISSED"}  ${target.name}: ${target.measuredMs.toFixed(1)} ms, wanted ${target.wantedMs} ms at most`,
  );
  return [
    machineText(result.machine),
    `${result.pipeline}: ${result.eventsPerSecond.toLocaleString("en-US")} events/s, producer's linger ${result.lingerMs} ms; a burst of ${result.burstEvents.toLocaleString("en-US")} events and ${result.warmUpMs / 1_000} s warm-up (the first ${result.brokerWarmUpMs / 1_000} s more, for the brokers), ${result.durationMs / 1_000} s measured; event's creation to row's commit, in ms`,
    "",
    "| variant | rows | p50 | p90 | p99 | p99.9 | max | flush p50 / p99 |",
    "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ...lines,
    ...(targets.length === 0 ? [] : ["", ...targets]),
    "",
  ].join("\n");
}

function timeText(ms: number | null): string {
  return ms === null ? "–" : ms < 100 ? ms.toFixed(1) : Math.round(ms).toLocaleString("en-US");
}
