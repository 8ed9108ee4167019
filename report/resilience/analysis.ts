import { FaultlineError } from "../../contract/errors.ts";
import { durationText } from "../view/number-text.ts";
import { FIGURES, type FigureName, type Point, type Setting, spreadOf } from "./statistics.ts";

const PLACEHOLDER = /\{\{([^}]*)\}\}/g;
const STATISTICS = ["n", "p50", "p95", "max"] as const;

/**
 * Puts figures into a text that a person wrote: `{{rows kill driver p50}}` is the median time without rows after a kill of the driver, over the runs of the
 * first setting. Words after the statistic choose another one: `{{rows kill driver p50 compose}}`, `{{rows pause driver max micro-batch}}` (the first
 * that has them all). A fault that was not among its runs gives "not measured".
 * @throws FaultlineError FL_USAGE for a placeholder that names no figure or statistic, with the placeholder.
 */
export function fillFigures(text: string, settings: readonly Setting[], file: string): string {
  return text.replaceAll(PLACEHOLDER, (whole, inner: string) => {
    const [figure = "", kind, nodeKind, statistic = "", ...words] = inner.trim().split(/\s+/);
    if (!(figure in FIGURES) || nodeKind === undefined || !(STATISTICS as readonly string[]).includes(statistic))
      throw new FaultlineError("FL_USAGE", `${file}: ${whole} names no figure`, {
        remedy: `write {{FIGURE KIND NODE_KIND STATISTIC [SETTING …]}}: ${Object.keys(FIGURES).join(", ")}; ${STATISTICS.join(", ")}`,
      });
    const setting = settings.find((one) => words.every((word) => one.words.includes(word)));
    const group = setting?.groups.find((one) => one.kind === kind && one.nodeKind === nodeKind);
    const spread = group && spreadOf(group.faults, figure as FigureName);
    if (spread === undefined) return "not measured";
    return statistic === "n" ? `${spread.n}` : pointText(spread[statistic as "p50" | "p95" | "max"]);
  });
}

export function pointText({ ms, atLeast }: Point): string {
  return `${atLeast ? "> " : ""}${durationText(ms)}`;
}
