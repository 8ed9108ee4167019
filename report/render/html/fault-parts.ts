import { isKnown, type Measure } from "../../measure/measure.ts";
import type { FaultView } from "../../view/fault-view.ts";
import { gapText, measureText, offsetText } from "../../view/number-text.ts";
import type { RunView } from "../../view/run-view.ts";
import { effectText, FAULT_TABLE_LEGEND } from "../fault-table.ts";
import { markup, type Markup, table } from "./markup.ts";

/** The table of faults. Each row opens the evidence of its fault. */
export function faultPart(run: RunView): Markup {
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
    ${faults.length === 0 ? markup`<p>The journal has no fault.</p>` : faultRows(run)}
    <p>
      For comparison, outside all faults: the longest time without an acknowledgement ${measureText(calmAckGap)},
      without rows ${measureText(calmSinkGap)}.
    </p>
    <details>
      <summary>What the columns mean</summary>
      <ul>
        ${FAULT_TABLE_LEGEND.map((line) => markup`<li>${line.replaceAll("`", "")}</li>`)}
      </ul>
    </details>`;
}

const COLUMNS = ["#", "at", "fault", "node", "effect", "no ack for", "no rows for", "visible again"] as const;

function faultRows({ faults, startMs }: RunView): Markup {
  return markup`<div class="faults">
    <div class="fault-row fault-head" aria-hidden="true">${COLUMNS.map((name) => markup`<span>${name}</span>`)}</div>
    ${faults.map((fault) => faultDetails(fault, startMs))}
  </div>`;
}

function faultDetails(fault: FaultView, startMs: number): Markup {
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
    <div class="evidence">
      <dl>
        ${evidence(fault).map(
          ([name, text]) =>
            markup`<div>
              <dt>${name}</dt>
              <dd>${text}</dd>
            </div>`,
        )}
      </dl>
      ${isMeasured ? phaseTable(fault) : ""}
    </div>
  </details>`;
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

function phaseTable(fault: FaultView): Markup {
  const rows: [string, string, string, Measure][] = [
    ["effect seen", "injection", "effect probe", fault.detected],
    ["node down", "injection", "the node does not answer", fault.nodeDown],
    ["failed over", "injection", "another node has its role, or every partition a leader", fault.failedOver],
    ["held", "effect probe", "verified undo", fault.held],
    ["node ready", "verified undo", "the node answers", fault.nodeReady],
    ["no ack for", "last success", "next success", fault.ackGap.measure],
    ["no rows for", "last success", "next success", fault.sinkGap.measure],
    ["visible again", "injection", "an event created after the effect is a row", fault.visibleAgain],
    ["caught up", "injection", "the lag is at its level before", fault.caughtUp],
  ];
  return table(
    `Phases of fault ${fault.id}`,
    ["phase", "time", "measured by", "from → to"],
    rows.map(([name, from, to, measure]) => [
      name,
      measureText(measure),
      isKnown(measure) ? measure.by : "–",
      `${from} → ${to}`,
    ]),
  );
}
