import { basename } from "node:path";
import type { Point, Spread } from "../../report/resilience/statistics.ts";
import { spreadOfMeasures } from "../../report/resilience/statistics.ts";
import { markdownTable } from "../../report/render/text-table.ts";
import { countText } from "../../report/view/number-text.ts";
import { type Cell, counting, type FigureName, type RecoveryResults } from "./results.ts";
import { VARIANTS } from "./variants.ts";

const GAPS: [FigureName, string][] = [
  ["no_ack", "no acknowledgement"],
  ["no_rows", "no rows"],
  ["visible_again", "visible again"],
];
const PHASES: [FigureName, string][] = [
  ["detected", "detected"],
  ["taken_over", "taken over"],
  ["caught_up", "caught up"],
];

/** The results as two Markdown tables with their circumstances: how long the pipeline stood still, and the phases of its recovery. */
export function renderRecoveryTables(results: RecoveryResults): string {
  const { settings, cells } = results;
  const sorted = sortedCells(cells);
  const parts = [
    `${settings.pipeline}, ${settings.trigger}: ${countText(settings.events_per_second)} events/s; ms, p50 / p95 / max over rounds, by nearest rank`,
    tableOf("time on the worst partition", sorted, GAPS),
    tableOf("from the fault until", sorted, PHASES),
    notes(sorted).join("\n"),
  ];
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

function tableOf(title: string, cells: readonly Cell[], figures: readonly [FigureName, string][]): string {
  const header = [`fault; ${title}`, "stack", "held", "n", ...figures.map(([, name]) => name)];
  const rows = cells.map((cell) => [
    `${cell.fault}${cell.state === "finished" ? "" : ` (${cell.state})`}`,
    cell.variant,
    cell.hold_ms === 0 ? "–" : `${cell.hold_ms / 1_000} s`,
    `${counting(cell).length}`,
    ...figures.map(([figure]) => figureText(spreadOfCell(cell, figure), counting(cell).length)),
  ]);
  return markdownTable(header, rows);
}

export function spreadOfCell(cell: Pick<Cell, "rounds">, figure: FigureName): Spread | undefined {
  return spreadOfMeasures(counting(cell).map(({ figures }) => figures[figure]));
}

/** "522 / 591 / 767"; "± 50": the widest error of a round; "n 18": not every round has the figure. */
function figureText(spread: Spread | undefined, rounds: number): string {
  if (spread === undefined) return "–";
  const error = spread.errorMs > 1 ? ` ± ${countText(spread.errorMs)}` : "";
  const some = spread.n < rounds ? ` (n ${spread.n})` : "";
  return `${[spread.p50, spread.p95, spread.max].map(pointText).join(" / ")}${error}${some}`;
}

function pointText({ ms, atLeast }: Point): string {
  return `${atLeast ? "> " : ""}${countText(ms)}`;
}

function notes(cells: readonly Cell[]): string[] {
  const measured = new Set(cells.map(({ variant }) => variant));
  const titles = Object.entries(VARIANTS).flatMap(([id, { title }]) => (measured.has(id) ? `- ${id}: ${title}` : []));
  const unfinished = cells.flatMap(({ fault, variant, state, why }) =>
    state === "finished" ? [] : `- ${fault}, ${variant}: ${state}: ${why ?? "no reason is known"}`,
  );
  const machines = new Set(cells.flatMap(({ machine }) => (machine === null ? [] : machineText(machine))));
  const runs = cells.flatMap((cell) =>
    cell.run_directory === null
      ? []
      : `- ${cell.fault}, ${cell.variant}: ${worstText(cell)}${basename(cell.run_directory)}`,
  );
  return [
    ...titles,
    ...[...machines].map((text) => `- machine: ${text}; at most ${busiest(cells)} cores in use before a start`),
    ...unfinished,
    ...(runs.length === 0
      ? []
      : ["", "Raw records (`./faultline report RUN`; the results file has every round):", ...runs]),
  ];
}

/** Which fault of the run had the longest time without rows. */
function worstText(cell: Cell): string {
  const worst = spreadOfCell(cell, "no_rows")?.max.index;
  const round = worst === undefined ? undefined : counting(cell)[worst];
  return round === undefined ? "" : `longest without rows: fault ${round.fault_id} of `;
}

function machineText({ cores, cpu, memory_gib, versions }: NonNullable<Cell["machine"]>): string {
  const list = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return `${cores} cores (${cpu}), ${memory_gib} GiB; ${list.join(", ")}`;
}

function busiest(cells: readonly Cell[]): number {
  return Math.max(...cells.map(({ machine }) => machine?.busy_before ?? 0));
}

/** By fault, in the order in which they came, and within a fault by variant. */
function sortedCells(cells: readonly Cell[]): Cell[] {
  const faults = [...new Set(cells.map(({ fault }) => fault))];
  const variants = Object.keys(VARIANTS);
  const rank = (cell: Cell): number => faults.indexOf(cell.fault) * variants.length + variants.indexOf(cell.variant);
  return cells.toSorted((a, b) => rank(a) - rank(b));
}
