import { html } from "htm/preact";
import type { VNode } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { ChartStack } from "../chart/stack.ts";
import { durationText } from "../texts.ts";
import { Evidence } from "./evidence.ts";
import { FaultList } from "./fault-list.ts";
import type { RunModel } from "./model.ts";
import type { RunEvents } from "./stream.ts";
import { stateOf, Strip, Stuck } from "./strip.ts";
import { Legend } from "./legend.ts";
import { applyTheme, Choices, storedTheme, type Theme, THEMES, WINDOWS } from "./tools.ts";

type Props = {
  model: RunModel;
  events: RunEvents;
  onSelect: (id: number | undefined) => void;
  selected: number | undefined;
};

/** The whole page; drawn again when something is new. */
export function Page({ model, events, onSelect, selected }: Props): VNode {
  const timeline = model.timeline();
  const { faults } = timeline;
  const startMs = timeline.start_ms ?? 0;
  const host = useRef<HTMLDivElement>(null);
  const stack = useRef<ChartStack>(undefined);
  const [theme, setTheme] = useState<Theme>(storedTheme);
  const [window, setWindow] = useState<number | undefined>(undefined);
  const [spoken, setSpoken] = useState("");
  useEffect(() => {
    if (host.current === null) return undefined;
    const made = new ChartStack(host.current, { onFault: onSelect, onSpoken: setSpoken });
    stack.current = made;
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    const repaint = (): void => made.repaint();
    scheme.addEventListener("change", repaint);
    return () => {
      scheme.removeEventListener("change", repaint);
      made.destroy();
    };
  }, []);
  useEffect(() => {
    applyTheme(theme);
    stack.current?.repaint();
  }, [theme]);
  useEffect(() => stack.current?.select(selected), [selected]);
  useEffect(() => stack.current?.setTimeline(timeline, model.isLive ? model.nowMs : undefined));
  const { word } = stateOf(model, faults);
  const id = model.states.run?.id ?? "";
  useEffect(() => {
    document.title = `${word} · ${id === "" ? "Faultline" : id}`;
  }, [word, id]);
  const open = faults.find((fault) => fault.id === selected);
  const close = (): void => {
    onSelect(undefined);
    document.querySelector<HTMLElement>(`#open-${selected}`)?.focus();
  };
  useEffect(() => {
    if (selected === undefined) return undefined;
    const onKey = ({ key }: KeyboardEvent): void => (key === "Escape" ? close() : undefined);
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [selected]);
  return html`<div class="fl page">
    <header class="head">
      <h1>Faultline <span>${id}</span></h1>
      <${Connection} events=${events} model=${model} />
      <${Choices}
        name="Shown time"
        choices=${WINDOWS.map(({ label, lastMs }) => ({ label, value: lastMs }))}
        chosen=${stack.current?.isZoomed === true ? "none" : window}
        onChoose=${(lastMs: number | undefined) => {
          setWindow(lastMs);
          stack.current?.follow(lastMs);
        }}
      />
      <${Choices}
        name="Colours"
        choices=${THEMES.map((value) => ({ label: value, value }))}
        chosen=${theme}
        onChoose=${setTheme}
      />
    </header>
    <main>
      <${Strip} model=${model} faults=${faults} />
      <${Stuck} model=${model} />
      <div ref=${host}></div>
      <div class="fl-spoken" aria-live="polite">${spoken}</div>
      <${FaultList} faults=${faults} startMs=${startMs} selected=${selected} onOpen=${onSelect} />
      <${Legend} />
      <p class="keys">
        <kbd>←</kbd> <kbd>→</kbd> move the cursor, <kbd>↑</kbd> <kbd>↓</kbd> go from fault to fault,
        <kbd>Enter</kbd> opens one, <kbd>+</kbd> <kbd>−</kbd> <kbd>0</kbd> zoom, drag selects a
        time.${model.unreadable > 0 ? ` ${model.unreadable} lines could not be read.` : ""}
      </p>
    </main>
    ${open !== undefined && html`<${Evidence} fault=${open} startMs=${startMs} onClose=${close} />`}
  </div>`;
}

function Connection({ events, model }: Pick<Props, "events" | "model">): VNode {
  const lostMs = events.lostForMs;
  const text =
    lostMs === undefined
      ? model.isLive
        ? "live"
        : "connected"
      : model.last === undefined
        ? "connecting"
        : `disconnected for ${durationText(lostMs)}`;
  return html`<span class=${`connection ${lostMs === undefined ? "is-up" : "is-lost"}`} role="status">${text}</span>`;
}
