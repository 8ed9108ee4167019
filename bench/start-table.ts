import { machineText } from "./machine.ts";
import type { StartBenchResult } from "./start-result.ts";
import { median } from "./warm-rate.ts";

/** The result as a Markdown table with its circumstances. */
export function renderStartTable(result: StartBenchResult): string {
  const lines = result.rows.map(
    ({ title, withoutMs, withMs, ratio }) =>
      `| ${title} | ${range(withoutMs)} | ${range(withMs)} | ${ratio.toFixed(2)} |`,
  );
  const targets = result.targets.map(
    ({ name, wantedMs, measuredMs, met }) =>
      `${met ? "met   " : "MISSED"}  ${name}: ${seconds(measuredMs)} s, wanted ${seconds(wantedMs)} s at most`,
  );
  return [
    machineText(result.machine),
    `${result.pipeline}: ${result.rows[0]?.withMs.length} rounds; seconds since \`up\` on an empty state directory, min / median / max`,
    "",
    "| until | without class archives | with | ratio |",
    "| --- | --- | --- | --- |",
    ...lines,
    "",
    ...targets,
    "",
  ].join("\n");
}

function range(values: readonly number[]): string {
  return [Math.min(...values), median(values), Math.max(...values)].map(seconds).join(" / ");
}

function seconds(ms: number): string {
  return (ms / 1_000).toFixed(1);
}
