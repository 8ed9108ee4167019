import type { Spread } from "../measure/throughput.ts";
import type { DiffLine, DiffSide, RunDiff } from "../view/compare/diff.ts";
import { countText, measureText } from "../view/number-text.ts";
import { plainTable } from "./text-table.ts";

const RESULTS: Record<DiffLine["result"], string> = {
  slower: "SLOWER",
  faster: "faster",
  same: "no difference beyond chance",
  "too-few": "too few to tell",
};

/** Two runs side by side, for a terminal. */
export function diffText({ a, b, verdicts, lines, calm }: RunDiff): string {
  const told = lines.filter(({ result }) => result === "slower" || result === "faster");
  return [
    `A  ${a}  ${verdicts[0] ?? "no verdict"}`,
    `B  ${b}  ${verdicts[1] ?? "no verdict"}`,
    "",
    "Recovery from faults, median (n); what was not over counts as longer than anything:",
    "",
    plainTable(
      ["fault", "figure", "A", "B", "B against A", "p"],
      lines.map((line) => [
        line.fault,
        line.figure,
        sideText(line.a),
        sideText(line.b),
        RESULTS[line.result],
        line.p === null ? "-" : line.p.toFixed(3),
      ]),
    ),
    "",
    "Calm, median of one-second samples (lowest to highest). Samples of a run depend on each other, so nothing is judged here:",
    "",
    plainTable(
      ["figure", "A", "B"],
      calm.map((line) => [line.figure, spreadText(line.a), spreadText(line.b)]),
    ),
    "",
    told.length === 0
      ? "Nothing got slower or faster beyond chance."
      : `${told.length} of ${lines.length} figures differ beyond chance.`,
    "Rule: the exact rank test of Mann and Whitney over faults of the same kind on the same kind of node, Holm's correction over all figures, level 5 %,",
    "and medians that differ by more than their error. Two times three faults can't differ beyond chance; two times four can.",
  ].join("\n");
}

function sideText({ n, open, median }: DiffSide): string {
  if (median === null) return "-";
  const unfinished = open === 0 ? "" : `, ${open} not over`;
  return `${measureText({ ...median, by: "journal" })} (${n}${unfinished})`;
}

function spreadText(spread: Spread | null): string {
  if (spread === null) return "unknown";
  return `${countText(spread.median)} (${countText(spread.lowest)} to ${countText(spread.highest)})`;
}
