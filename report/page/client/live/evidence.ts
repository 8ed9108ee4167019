import { html } from "htm/preact";
import type { VNode } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { FaultEvidence, LogExcerpt, MeasuredGap } from "../../fault-evidence.ts";
import type { TimelineFault } from "../../../timeline/timeline.ts";
import { clockText, durationText, timeText } from "../texts.ts";
import { effectText } from "./fault-list.ts";

type Props = { fault: TimelineFault; startMs: number; onClose: () => void };
type Loaded = { evidence: FaultEvidence } | { problem: string } | undefined;

/** All that the run directory has about one fault. Every text goes to the page as a text, whatever is in it. */
export function Evidence({ fault, startMs, onClose }: Props): VNode {
  const [loaded, setLoaded] = useState<Loaded>(undefined);
  const close = useRef<HTMLButtonElement>(null);
  // What the journal says of the fault may have grown since.
  const version = [fault.id, fault.active_ms, fault.healed_ms, fault.ready_ms].join();
  useEffect(() => {
    const abort = new AbortController();
    load(fault.id, abort.signal).then(
      (evidence) => setLoaded({ evidence }),
      (error: Error) => {
        if (!abort.signal.aborted) setLoaded({ problem: error.message });
      },
    );
    return () => abort.abort();
  }, [version]);
  useEffect(() => close.current?.focus(), [fault.id]);
  return html`<div class="evidence" role="dialog" aria-label=${`Fault ${fault.id}: ${fault.kind} ${fault.node}`}>
    <div class="evidence-head">
      <h2>Fault ${fault.id}: ${fault.kind} ${fault.node}${fault.role === null ? "" : ` (${fault.role})`}</h2>
      <button type="button" ref=${close} onClick=${onClose} aria-label="Close (Escape)">✕</button>
    </div>
    <div class="content" tabindex="0" role="region" aria-label="Evidence">
      <${Phases} fault=${fault} startMs=${startMs} />
      ${loaded === undefined && html`<p class="none">loading …</p>`}
      ${loaded !== undefined && "problem" in loaded && html`<p class="none">The server did not give the evidence: ${loaded.problem}</p>`}
      ${loaded !== undefined && "evidence" in loaded && html`<${Files} evidence=${loaded.evidence} />`}
    </div>
  </div>`;
}

async function load(id: number, signal: AbortSignal): Promise<FaultEvidence> {
  const response = await fetch(`/fault/${id}`, { signal });
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return (await response.json()) as FaultEvidence;
}

function Phases({ fault, startMs }: Omit<Props, "onClose">): VNode {
  const { injected_ms } = fault;
  const after = (ms: number | null): string => (ms === null ? "?" : `${durationText(ms - injected_ms)} later`);
  const rows: [string, string][] = [
    ["injected", `${timeText(injected_ms - startMs, true)}, ${clockText(injected_ms)}`],
    ["effect", `${effectText(fault)}${fault.active_ms === null ? "" : `, seen ${after(fault.active_ms)}`}`],
    ["undone", after(fault.healed_ms)],
    ["node ready", after(fault.ready_ms)],
    ["events visible again", fault.visible_ms === null ? "?" : `${after(fault.visible_ms)} (± 1 s)`],
  ];
  return html`<${Rows} rows=${rows} /> ${
      fault.proof !== null &&
      html`<h3>proof of the effect</h3>
        <p class="proof">${fault.proof}</p>`
    }
    ${
      fault.failed !== null &&
      html`<h3>why it was not injected</h3>
        <p class="proof">${fault.failed}</p>`
    }`;
}

function Files({ evidence }: { evidence: FaultEvidence }): VNode {
  const { gaps, undo, records, journal, log, replay } = evidence;
  const healed = records.find((record) => record.t === "healed");
  const gapRows: [string, string][] = [
    ["no acknowledgement for", gapText(gaps.without_acknowledgement)],
    ["no rows for", gapText(gaps.without_rows)],
    ["visible again after", gapText(gaps.visible_again)],
  ];
  return html`
    ${
      healed !== undefined &&
      html`<h3>proof of the undo, by the ${healed.by}</h3>
        <p class="proof">${healed.proof}</p>`
    }
    <h3>measured by the report</h3>
    <${Rows} rows=${gapRows} />
    <h3>do it again</h3>
    <${Command} text=${replay.exact} label="exactly this fault" />
    <${Command} text=${replay.similar} label="one of its kind" />
    <h3>the node's log</h3>
    ${"problem" in log ? html`<p class="none">${log.problem}</p>` : log.map((excerpt) => html`<${Log} excerpt=${excerpt} />`)}
    <h3>how it is undone</h3>
    <${Lines} label="Undo" lines=${[JSON.stringify(undo)]} />
    <h3>lines of the journal</h3>
    <${Lines} label="Lines of the journal" lines=${journal} />
  `;
}

function Rows({ rows }: { rows: readonly [string, string][] }): VNode {
  return html`<dl class="rows">
    ${rows.map(
      ([name, value]) =>
        html`<div>
          <dt>${name}</dt>
          <dd>${value}</dd>
        </div>`,
    )}
  </dl>`;
}

function Lines({ lines, label }: { lines: readonly string[]; label: string }): VNode {
  return html`<pre tabindex="0" role="region" aria-label=${label}>${lines.join("\n")}</pre>`;
}

function Log({ excerpt }: { excerpt: LogExcerpt }): VNode {
  const { lines, file, from_ms, to_ms, is_cut } = excerpt;
  const span = `${file}, ${clockText(from_ms)} to ${clockText(to_ms)}`;
  if (lines.length === 0) return html`<p class="none">${span}: nothing</p>`;
  return html`<p class="none">${span}${is_cut ? " (the first lines of more)" : ""}</p>
    <${Lines} label=${span} lines=${lines} />`;
}

function Command({ text, label }: { text: string; label: string }): VNode {
  const [isCopied, setCopied] = useState(false);
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
  };
  return html`<div class="command">
    <span>${label}</span>
    <button type="button" onClick=${copy} aria-label=${`Copy the command: ${label}`}>
      ${isCopied ? "copied" : "copy"}
    </button>
    <${Lines} label=${`Command: ${label}`} lines=${[text]} />
  </div>`;
}

function gapText(gap: MeasuredGap): string {
  if ("unknown" in gap) return `? (${gap.unknown})`;
  const open = gap.is_open ? "> " : "";
  return gap.error_ms === 0
    ? `${open}${durationText(gap.ms)}`
    : `${open}${durationText(gap.ms)} to ${durationText(gap.ms + gap.error_ms)}`;
}
