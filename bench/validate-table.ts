import { machineText } from "./machine.ts";
import type { ValidateBenchResult } from "./validate-result.ts";
import { median } from "./warm-rate.ts";

/** The result as a Markdown table with its circumstances. */
export function renderValidateTable(result: ValidateBenchResult): string {
  const lines = result.rows.map(({ title, eventsPerSecond, peakMb }) => {
    const rates = [Math.min(...eventsPerSecond), median(eventsPerSecond), Math.max(...eventsPerSecond)];
    const texts = rates.map((rate) => Math.round(rate).toLocaleString("en-US"));
    return `| ${title} | ${texts.join(" / ")} | ${peakMb === null ? "–" : Math.round(peakMb)} |`;
  });
  const targets = result.targets.map(({ name, wanted, measured, met }) => {
    return `${met ? "met   " : "MISSED"}  ${name}: ${figure(measured)}, wanted ${figure(wanted)}`;
  });
  return [
    machineText(result.machine),
    `${result.pipeline}: ${result.events.toLocaleString("en-US")} events, ${result.rows[0]?.eventsPerSecond.length} rounds`,
    "",
    "| what | events/s min / median / max | most memory, MB |",
    "| --- | --- | --- |",
    ...lines,
    "",
    ...targets,
    "",
  ].join("\n");
}

function figure(value: number): string {
  return value < 10 ? value.toFixed(2) : Math.round(value).toLocaleString("en-US");
}
