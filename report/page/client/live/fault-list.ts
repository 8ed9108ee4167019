import { html } from "htm/preact";
import type { VNode } from "preact";
import type { TimelineFault } from "../../../timeline/timeline.ts";
import { durationText, timeText } from "../texts.ts";

type Props = {
  faults: readonly TimelineFault[];
  startMs: number;
  selected: number | undefined;
  onOpen: (id: number) => void;
};

/** Every fault as a row; Enter on its name opens its evidence. */
export function FaultList({ faults, startMs, selected, onOpen }: Props): VNode {
  if (faults.length === 0) return html`<p class="none">No fault yet.</p>`;
  return html`<div class="table">
    <table class="faults">
      <caption class="fl-spoken">
        Faults, in the order of their injection
      </caption>
      <thead>
        <tr>
          <th scope="col">#</th>
          <th scope="col">at</th>
          <th scope="col">fault</th>
          <th scope="col">effect</th>
          <th scope="col">held</th>
          <th scope="col">node ready</th>
          <th scope="col">visible again (± 1 s)</th>
        </tr>
      </thead>
      <tbody>
        ${faults.map(
          (fault) =>
            html`<tr key=${fault.id} class=${fault.id === selected ? "selected" : ""}>
              <td>${fault.id}</td>
              <td>${timeText(fault.injected_ms - startMs)}</td>
              <td>
                <button type="button" id=${`open-${fault.id}`} onClick=${() => onOpen(fault.id)}>
                  ${fault.kind} ${fault.node}${fault.role === null ? "" : ` (${fault.role})`}
                </button>
              </td>
              <td class=${fault.effective === true ? "tone-bad" : ""}>${effectText(fault)}</td>
              <td>${betweenText(fault.active_ms, fault.healed_ms)}</td>
              <td>${betweenText(fault.healed_ms, fault.ready_ms)}</td>
              <td>${betweenText(fault.injected_ms, fault.visible_ms)}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

export function effectText({ effective, failed }: TimelineFault): string {
  if (failed !== null) return "not injected";
  if (effective === null) return "?";
  return effective ? "yes" : "none";
}

function betweenText(fromMs: number | null, toMs: number | null): string {
  return fromMs === null || toMs === null ? "?" : durationText(Math.max(0, toMs - fromMs));
}
