import { html } from "htm/preact";
import type { VNode } from "preact";

const LANES = [
  ["up", "up"],
  ["silent", "does not answer"],
  ["paused", "paused"],
  ["down", "down"],
  ["cut-off", "cut off"],
] as const;
const PHASES = ["injected", "active", "undone, until the node is ready", "until events are visible again"];

/** What the pictures mean. */
export function Legend(): VNode {
  return html`<ul class="legend" aria-label="What the pictures mean">
    ${LANES.map(([state, text]) => html`<li><i class=${`key lane-${state}`}></i>${text}</li>`)}
    <li><i class="key hatched"></i>unknown</li>
    <li><i class="key role"></i>holds a role</li>
    <li><i class="key start">▶</i>started again</li>
    <li><i class="key framed"></i>struck</li>
    ${PHASES.map((text, index) => html`<li><i class=${`key phase-${index}`}></i>${text}</li>`)}
  </ul>`;
}
