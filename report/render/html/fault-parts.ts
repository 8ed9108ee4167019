import type { Measure } from "../../measure/measure.ts";
import type { FaultView } from "../../view/fault-view.ts";
import { gapText, measureText, offsetText } from "../../view/number-text.ts";
import type { RunView } from "../../view/run-view.ts";
import { effectText, FAULT_TABLE_LEGEND } from "../fault-table.ts";
import { html, type Markup } from "./markup.ts";

/** The table of faults. Each row opens the evidence of its fault. */
export function faultPart(run: RunView): Markup {
  const { faults, journal, calmAckGap, calmSinkGap } = run;
  if (journal.value === undefined) return html`<p>None known: ${journal.missing}.</p>`;
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
  return html`${alarms.map((alarm) => html`<p class="alarm">${alarm}</p>`)}
    ${faults.length === 0 ? html`<p>The journal has no fault.</p>` : faultRows(run)}
    <p>
      For comparison, outside all faults: the longest time without an acknowledgement ${measureText(calmAckGap)},
      without rows ${measureText(calmSinkGap)}.
    </p>
    <details>
      <summary>What the columns mean</summary>
      <ul>
        ${FAULT_TABLE_LEGEND.map((line) => html`<li>${line.replaceAll("`", "")}</li>`)}
      </ul>
    </details>`;
}

const COLUMNS = ["#", "at", "fault", "node", "effect", "no ack for", "no rows for", "visible again"] as const;

function faultRows({ faults, startMs }: RunView): Markup {
  return html`<div class="faults">
    <div class="fault-row fault-head" aria-hidden="true">${COLUMNS.map((name) => html`<span>${name}</span>`)}</div>
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
  return html`<details class="fault" id="fault-${fault.id}">
    <summary class="fault-row">
      ${cells.map((cell, index) => html`<span><b class="label">${COLUMNS[index] ?? ""} </b>${cell}</span>`)}
    </summary>
    <div class="evidence">
      <dl>
        ${evidence(fault).map(
          ([name, text]) =>
            html`<div>
              <dt>${name}</dt>
              <dd>${text}</dd>
            </div>`,
        )}
      </dl>
      ${isMeasured ? phaseTable(fault) : ""}
    </div>
  </details>`;
}

function evidence(fault: FaultView): [string, string][] {
  const { underLoad, recovered } = fault.stake;
  const time = (atMs: number | undefined) => (atMs === undefined ? "unknown" : new Date(atMs).toISOString());
  const answer = (is: boolean | null) =>
    is === null ? "the verdict does not tell of this fault alone" : is ? "yes" : "no";
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
  return html`<table>
    <caption>
      Phases of fault ${fault.id}
    </caption>
    <thead>
      <tr>
        <th scope="col">phase</th>
        <th scope="col">time</th>
        <th scope="col">measured by</th>
        <th scope="col">from → to</th>
      </tr>
    </thead>
    <tbody>
      ${rows.map(
        ([name, from, to, measure]) =>
          html`<tr>
            <th scope="row">${name}</th>
            <td>${measureText(measure)}</td>
            <td>${"unknown" in measure ? "–" : measure.by}</td>
            <td>${from} → ${to}</td>
          </tr>`,
      )}
    </tbody>
  </table>`;
}
