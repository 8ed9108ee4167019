import { machineText } from "../machine.ts";
import type { BacklogBenchResult } from "./backlog-result.ts";

/** The result as a Markdown table with its circumstances. */
export function renderBacklogTable({ machine, pipeline, eventsPerSecond, rows }: BacklogBenchResult): string {
  const lines = rows.map((row) => {
    const pace = row.caughtUpPerSecond;
    const times = pace === null ? "?" : `${count(pace)} (${(pace / eventsPerSecond).toFixed(1)} ×)`;
    const { producer, executor, driver } = row.memory;
    const cells = [
      row.title,
      seconds(row.outageMs),
      count(row.peakBehind),
      seconds(row.firstRowsMs),
      seconds(row.normalMs),
      times,
      count(row.throttled),
      `${producer} / ${executor} / ${driver}`,
    ];
    return `| ${cells.join(" | ")} |`;
  });
  return [
    machineText(machine),
    `${pipeline}: ${eventsPerSecond.toLocaleString("en-US")} events/s all the time; times from the release of the nodes, to the second`,
    "",
    "| killed | down | behind at most | first rows | lag normal | caught up per second | turned away | MiB at most: producer / executor / driver |",
    "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ...lines,
    "",
  ].join("\n");
}

function count(value: number | null): string {
  return value === null ? "?" : Math.round(value).toLocaleString("en-US");
}

function seconds(ms: number | null): string {
  return ms === null ? "?" : `${(ms / 1_000).toFixed(1)} s`;
}
