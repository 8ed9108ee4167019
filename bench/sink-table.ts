import { machineText } from "./machine.ts";
import type { SinkBenchResult } from "./sink-result.ts";
import { COLD_SHARE } from "./warm-rate.ts";

/** The result as a Markdown table with its circumstances. */
export function renderSinkTable(result: SinkBenchResult): string {
  const lines = result.rows.map((row) => {
    const part = row.rowsPerRun < result.events ? ` (first ${count(row.rowsPerRun)})` : "";
    return `| ${row.title}${part} | ${count(row.min)} / ${count(row.median)} / ${count(row.max)} | ${ratio(row.ratioToLimit)} | ${ratio(row.ratioToBinaryLimit)} | ${ratio(row.ratioToStaging)} |`;
  });
  const targets = result.targets.map(
    (target) =>
      `${target.met ? "met   " : "MISSED"}  ${target.name}: ${target.measured.toFixed(2)}, wanted ${target.wanted.toFixed(2)}`,
  );
  return [
    machineText(result.machine),
    `${result.pipeline}: ${count(result.events)} events, rows of ${result.meanRowBytes} B as text; ${result.runs} rounds; warm rates, after the first ${COLD_SHARE * 100} % of each run; ratios are medians over rounds`,
    "",
    "| variant | rows/s min / median / max | to limit, 2 sessions | to binary COPY | to staging table |",
    "| --- | --- | --- | --- | --- |",
    ...lines,
    ...(targets.length === 0 ? [] : ["", ...targets]),
    "",
  ].join("\n");
}

function count(value: number): string {
  return value.toLocaleString("en-US");
}

function ratio(value: number | null): string {
  return value === null ? "–" : value.toFixed(2);
}
