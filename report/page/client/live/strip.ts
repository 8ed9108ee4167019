import { html } from "htm/preact";
import type { VNode } from "preact";
import { oldestOf, storedOf, unstoredOf } from "../../../timeline/figures.ts";
import type { TimelineFault } from "../../../timeline/timeline.ts";
import { countText, durationText } from "../texts.ts";
import type { RunModel } from "./model.ts";

/** Older figures are not of now. */
const FRESH_MS = 5_000;

type Tone = "good" | "bad" | "warn" | "calm";
type State = { word: string; detail: string; tone: Tone };

/** One word for the whole run, and a sentence. */
export function stateOf(model: RunModel, faults: readonly TimelineFault[]): State {
  const { verdict, producer } = model.states;
  const { last } = model;
  if (verdict !== null) {
    const tone = verdict.verdict === "VALID" ? "good" : verdict.verdict === "INVALID" ? "bad" : "warn";
    const detail = verdict.reasons[0] ?? (verdict.verdict === "VALID" ? "zero data loss" : "");
    return { word: verdict.verdict, detail, tone };
  }
  if (last === undefined) return { word: "WAITING", detail: "no sample yet", tone: "calm" };
  if (!model.isLive) return { word: "NOT JUDGED", detail: "./faultline validate gives the verdict", tone: "warn" };
  const silentMs = model.nowMs - last.at_ms;
  if (silentMs > FRESH_MS)
    return { word: "NO SAMPLES", detail: `since ${durationText(silentMs)}: what follows is unknown`, tone: "warn" };
  const bitten = faults.filter((fault) => fault.effective === true && fault.failed === null);
  const active = bitten.findLast((fault) => fault.healed_ms === null);
  if (active !== undefined)
    return { word: "FAULT", detail: `${active.id}: ${active.kind} ${active.node}`, tone: "bad" };
  const stuck = model.partitions.filter(({ state }) => state === "stuck");
  if (stuck.length > 0)
    return { word: "STUCK", detail: partitionsText(stuck.map(({ partition }) => partition)), tone: "bad" };
  const recovering = bitten.findLast((fault) => fault.ready_ms === null || fault.visible_ms === null);
  if (recovering !== undefined)
    return { word: "RECOVERING", detail: `from ${recovering.id}: ${recovering.kind} ${recovering.node}`, tone: "warn" };
  return { word: "RUNNING", detail: producer?.state ?? "producer unknown", tone: "good" };
}

/** More partitions than these are counted. */
const MOST_NAMED = 8;
/** The worst first. */
const PARTITION_ORDER = ["stuck", "unknown", "flowing", "idle"] as const;

type Figure = { name: string; value: string; hint?: string; tone?: Tone };

function figuresOf(model: RunModel, faults: readonly TimelineFault[]): Figure[] {
  const { last } = model;
  const { verdict } = model.states;
  const unstored = last === undefined ? null : unstoredOf(last);
  const oldest = last === undefined ? null : oldestOf(last);
  const struck = faults.filter(({ effective }) => effective === true).length;
  const recovered = verdict?.faults.reduce((total, kind) => total + kind.recovered, 0);
  const states = model.partitions.map(({ state }) => state);
  const counted = PARTITION_ORDER.flatMap((state) => {
    const count = states.filter((one) => one === state).length;
    return count === 0 ? [] : [`${count} ${state}`];
  });
  return [
    { name: "acknowledged, not stored", value: countText(unstored), ...(unstored === 0 && { tone: "good" as const }) },
    { name: "oldest unstored", value: durationText(oldest) },
    { name: "acknowledged", value: countText(last?.acknowledged) },
    { name: "stored", value: countText(last === undefined ? null : storedOf(last)) },
    { name: "partitions", value: counted.length === 0 ? "?" : counted.join(", ") },
    { name: "struck", value: `${struck}`, hint: "faults whose effect was seen" },
    { name: "under load", value: countText(verdict?.counts.faults_under_load), hint: "known when the run is judged" },
    { name: "recovered", value: countText(recovered), hint: "known when the run is judged" },
  ];
}

/** What a person wants to know first. */
export function Strip({ model, faults }: { model: RunModel; faults: readonly TimelineFault[] }): VNode {
  const { word, detail, tone } = stateOf(model, faults);
  return html`<div class="strip">
    <div class="state tone-${tone}"><b>${word}</b><span>${detail}</span></div>
    <dl class="figures">
      ${figuresOf(model, faults).map(
        ({ name, value, hint, tone }) =>
          html`<div class="figure" title=${hint}>
            <dt>${name}</dt>
            <dd class=${tone === undefined ? "" : `tone-${tone}`}>${value}</dd>
          </div>`,
      )}
    </dl>
  </div>`;
}

/** "partition 3", "partitions 0, 1 and 4 more". */
function partitionsText(partitions: readonly number[]): string {
  const named = partitions.slice(0, MOST_NAMED).join(", ");
  const more = partitions.length > MOST_NAMED ? ` and ${partitions.length - MOST_NAMED} more` : "";
  return `${partitions.length === 1 ? "partition" : "partitions"} ${named}${more}`;
}

/** Partitions that stand still although there is something to store, each with its reason. */
export function Stuck({ model }: { model: RunModel }): VNode | null {
  const stuck = model.partitions.filter(({ state }) => state === "stuck");
  if (stuck.length === 0) return null;
  return html`<ul class="stuck" role="status">
    ${[...Map.groupBy(stuck, ({ reason }) => reason ?? "no reason known")].map(
      ([reason, partitions]) =>
        html`<li>
          <b>${partitionsText(partitions.map(({ partition }) => partition))}</b> stuck for
          ${" "}${durationText(Math.max(...partitions.map(({ standstill_ms }) => standstill_ms ?? 0)))}: ${reason}
        </li>`,
    )}
  </ul>`;
}
