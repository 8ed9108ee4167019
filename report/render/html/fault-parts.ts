import { isKnown, type Measure } from "../../measure/measure.ts";
import type { FaultView } from "../../view/fault-view.ts";
import { gapText, measureText, offsetText } from "../../view/number-text.ts";
import type { RunView } from "../../view/run-view.ts";
import { effectText, FAULT_TABLE_LEGEND } from "../fault-table.ts";
import { markup, type Markup, table } from "./markup.ts";

/** See faultPart. */
type FaultLimits = { evidence: number; phaseTables: number };

/**
 * The table of faults. Each row opens the evidence of its fault.
 * @param limits so many faults, those with the longest recoveries, have their evidence and a table of their phases; the others say where it is.
 */
export function faultPart(run: RunView, limits: FaultLimits): Markup {
  const { faults, journal, calmAckGap, calmSinkGap } = run;
  if (journal.value === undefined) return markup`<p>None known: ${journal.missing}.</p>`;
  const { unreadable, problems } = journal.value;
  const alarms = [
    ...(unreadable.count === 0
      ? []
      : [
          `${unreadable.count} lines of the journal can't be read, so faults may be missing here: ${unreadable.why.join("; ")}`,
        ]),
    ...(problems.length === 0
      ? []
      : [`The journal contradicts itself, so this table may be wrong: ${problems.join("; ")}`]),
  ];
  return markup`${alarms.map((alarm) => markup`<p class="alarm">${alarm}</p>`)}
    ${faults.length === 0 ? markup`<p>The journal has no fault.</p>` : faultRows(run, limits)}
    <p>
      For comparison, outside all faults: the longest time without an acknowledgement ${measureText(calmAckGap)},
      without rows ${measureText(calmSinkGap)}.
    </p>
    <details>
      <summary>What the columns and phases mean</summary>
      <ul>
        ${FAULT_TABLE_LEGEND.map((line) => markup`<li>${line.replaceAll("`", "")}</li>`)}
        ${PHASES.map(([name, from, to]) => markup`<li>${name}: ${from} → ${to}</li>`)}
      </ul>
    </details>`;
}

const COLUMNS = ["#", "at", "fault", "node", "effect", "no ack for", "no rows for", "visible again"] as const;

function faultRows({ faults, startMs }: RunView, limits: FaultLimits): Markup {
  const ranked = slowestFirst(faults);
  const rank = new Map(ranked.map((fault, index) => [fault, index]));
  return markup`<div class="faults">
    <div class="fault-row fault-head" aria-hidden="true">${COLUMNS.map((name) => markup`<span>${name}</span>`)}</div>
    ${faults.map((fault) => faultDetails(fault, startMs, evidencePart(fault, rank.get(fault) ?? 0, limits)))}
  </div>`;
}

function slowestFirst(faults: readonly FaultView[]): FaultView[] {
  return faults.toSorted((a, b) => (slowness(a) === slowness(b) ? a.id - b.id : slowness(b) - slowness(a)));
}

/** Those that did not bite come last. */
function slowness({ effective, visibleAgain }: FaultView): number {
  if (effective !== true) return -1;
  return isKnown(visibleAgain) ? visibleAgain.highMs : Infinity;
}

function faultDetails(fault: FaultView, startMs: number, evidenceOfIt: Markup): Markup {
  const isMeasured = fault.effective === true;
  const cells = [
    String(fault.id),
    offsetText(fault.injectedMs - startMs),
    fault.kind,
    fault.role === undefined ? fault.node : `${fault.node} (${fault.role})`,
    effectText(fault),
    isMeasured ? gapText(fault.ackGap) : "–",
    isMeasured ? gapText(fault.sinkGap) : "–",
    isMeasured ? measureText(fault.visibleAgain) : "–",
  ];
  return markup`<details class="fault" id="fault-${fault.id}">
    <summary class="fault-row">
      ${cells.map((cell, index) => markup`<span><b class="label">${COLUMNS[index] ?? ""} </b>${cell}</span>`)}
    </summary>
    <div class="evidence">${evidenceOfIt}</div>
  </details>`;
}

const ELSEWHERE = "./faultline report RUN --json";

function evidencePart(fault: FaultView, rank: number, { evidence: most, phaseTables }: FaultLimits): Markup {
  if (rank >= most) return markup`<p>Its evidence: ${ELSEWHERE}</p>`;
  const items = evidence(fault).map(
    ([name, text]) =>
      markup`<div>
        <dt>${name}</dt>
        <dd>${text}</dd>
      </div>`,
  );
  const phases = rank < phaseTables ? phaseTable(fault) : markup`<p>Its phases: ${ELSEWHERE}</p>`;
  return markup`<dl>${items}</dl>
    ${fault.effective === true ? phases : ""}`;
}

function time(atMs: number | undefined): string {
  return atMs === undefined ? "unknown" : new Date(atMs).toISOString();
}

function answer(is: boolean | null): string {
  return is === null ? "the verdict does not tell of this fault alone" : is ? "yes" : "no";
}

function evidence(fault: FaultView): [string, string][] {
  const { underLoad, recovered } = fault.stake;
  return [
    ["Proof of the effect", fault.proof ?? fault.failed ?? "none in the journal"],
    ["Undo", fault.undo],
    ["After the undo", fault.undoProof ?? "it was not undone"],
    ["Injected", time(fault.injectedMs)],
    ["Effect seen", time(fault.probedMs)],
    ["Undone", `${time(fault.healedMs)}${fault.healedBy === undefined ? "" : ` by ${fault.healedBy}`}`],
    ["Node ready", time(fault.readyMs)],
    ["Work was under way", answer(underLoad)],
    ["The same path worked again", answer(recovered)],
  ];
}

/** Name, from, to, and the figure. */
const PHASES: readonly [string, string, string, (fault: FaultView) => Measure][] = [
  ["effect seen", "injection", "effect probe", (fault) => fault.detected],
  ["node down", "injection", "the node does not answer", (fault) => fault.nodeDown],
  ["failed over", "injection", "another node has its role, or every partition a leader", (fault) => fault.failedOver],
  ["held", "effect probe", "verified undo", (fault) => fault.held],
  ["node ready", "verified undo", "the node answers", (fault) => fault.nodeReady],
  ["no ack for", "last success", "next success", (fault) => fault.ackGap.measure],
  ["no rows for", "last success", "next success", (fault) => fault.sinkGap.measure],
  ["visible again", "injection", "an event created after the effect is a row", (fault) => fault.visibleAgain],
  ["caught up", "injection", "the lag is at its level before", (fault) => fault.caughtUp],
];

function phaseTable(fault: FaultView): Markup {
  return table(
    `Phases of fault ${fault.id}`,
    ["phase", "time", "measured by"],
    PHASES.map(([name, , , measureOf]) => {
      const measure = measureOf(fault);
      return [name, measureText(measure), isKnown(measure) ? measure.by : "–"];
    }),
  );
}
