import { isKnown } from "../measure/measure.ts";
import type { FaultView } from "../view/fault-view.ts";
import { countText, measureText } from "../view/number-text.ts";
import type { RunView } from "../view/run-view.ts";

type Outcome = { passed: true } | { failed: string; type: string } | { skipped: string };
type Case = { suite: "verdict" | "service levels" | "faults"; name: string; seconds: number; outcome: Outcome };

/** The run as JUnit XML: one test for the verdict, for each bound, and for the recovery from each fault. */
export function renderJunit(run: RunView): string {
  const cases = [verdictCase(run), ...sloCases(run), ...run.faults.map(faultCase)];
  const suites = [...Map.groupBy(cases, ({ suite }) => suite)].map(([name, tests]) => suiteXml(name, tests, run));
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="${xml(run.id)}" ${totals(cases)}>\n${suites.join("\n")}\n</testsuites>\n`;
}

function verdictCase({ verdict, endMs, startMs }: RunView): Case {
  const name = "the verdict is VALID";
  const seconds = Math.max(0, endMs - startMs) / 1_000;
  if (verdict.value === undefined)
    return {
      suite: "verdict",
      name,
      seconds,
      outcome: { failed: `there is no verdict: ${verdict.missing}`, type: "NONE" },
    };
  const { verdict: found, meaning, reasons, foreign } = verdict.value;
  if (foreign !== null)
    return {
      suite: "verdict",
      name,
      seconds,
      outcome: { failed: `verdict.json is about another run, ${foreign}`, type: "NONE" },
    };
  if (found === "VALID") return { suite: "verdict", name, seconds, outcome: { passed: true } };
  return { suite: "verdict", name, seconds, outcome: { failed: [meaning, ...reasons].join("\n"), type: found } };
}

function sloCases({ verdict }: RunView): Case[] {
  return (verdict.value?.slo ?? []).map(({ bound, limit, worst, fault, is_exceeded }) => {
    const where = fault === "" ? "" : `, ${fault}`;
    const failed = `the worst is ${countText(worst)}${where}; the limit is ${countText(limit)}`;
    const outcome: Outcome =
      worst === null
        ? { failed: `nothing was measured, so nobody knows; the limit is ${countText(limit)}`, type: "UNKNOWN" }
        : is_exceeded
          ? { failed, type: "SLO_BREACH" }
          : { passed: true };
    return { suite: "service levels", name: `${bound} is at most ${countText(limit)}`, seconds: 0, outcome };
  });
}

function faultCase(fault: FaultView): Case {
  const { id, kind, node, visibleAgain } = fault;
  const name = `fault ${id}: ${kind} ${node} recovers`;
  const seconds = isKnown(visibleAgain) ? visibleAgain.highMs / 1_000 : 0;
  return { suite: "faults", name, seconds, outcome: outcomeOf(fault) };
}

function outcomeOf({ effective, failed, proof, healedMs, nodeReady, visibleAgain, stake }: FaultView): Outcome {
  if (failed !== undefined) return { skipped: `not injected: ${failed}` };
  if (effective !== true)
    return {
      skipped: effective === false ? `it had no effect: ${proof ?? ""}` : "nobody knows whether it had an effect",
    };
  if (healedMs === undefined) return { failed: "it was not undone", type: "not healed" };
  if (isKnown(nodeReady) && nodeReady.open)
    return { failed: `the node was not ready for ${measureText(nodeReady)} after the undo`, type: "not ready" };
  if (isKnown(visibleAgain) && visibleAgain.open)
    return { failed: `new events were no rows for ${measureText(visibleAgain)}`, type: "not visible" };
  if (stake.recovered === false && stake.underLoad !== false)
    return { failed: "the path that it struck did not work again", type: "not recovered" };
  if (!isKnown(visibleAgain)) return { skipped: `when events were visible again is unknown: ${visibleAgain.unknown}` };
  return { passed: true };
}

function suiteXml(name: string, cases: readonly Case[], { startMs }: RunView): string {
  const tests = cases.map((test) => caseXml(test));
  return `  <testsuite name="${xml(name)}" ${totals(cases)} timestamp="${new Date(startMs).toISOString().slice(0, 19)}">\n${tests.join("\n")}\n  </testsuite>`;
}

function caseXml({ suite, name, seconds, outcome }: Case): string {
  const head = `    <testcase classname="faultline.${xml(suite.replace(" ", "-"))}" name="${xml(name)}" time="${seconds.toFixed(3)}"`;
  if ("passed" in outcome) return `${head} />`;
  const inside =
    "skipped" in outcome
      ? `<skipped message="${xml(outcome.skipped)}" />`
      : `<failure message="${xml(outcome.failed.split("\n")[0] ?? "")}" type="${xml(outcome.type)}">${xml(outcome.failed)}</failure>`;
  return `${head}>\n      ${inside}\n    </testcase>`;
}

function totals(cases: readonly Case[]): string {
  const count = (member: "failed" | "skipped"): number => cases.filter(({ outcome }) => member in outcome).length;
  const seconds = cases.reduce((sum, each) => sum + each.seconds, 0);
  return `tests="${cases.length}" failures="${count("failed")}" errors="0" skipped="${count("skipped")}" time="${seconds.toFixed(3)}"`;
}

const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\n": "&#10;" };

/** XML 1.0 has no place for control characters, lone surrogates and two non-characters, not even escaped. */
function xml(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/[^\P{Cc}\t\n\r]|\ufffe|\uffff/gu, "\uFFFD")
    .replaceAll(/[&<>"\n]/g, (found) => ENTITIES[found] ?? found);
}
