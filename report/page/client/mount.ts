import type { Timeline } from "../../timeline/timeline.ts";
import { ChartStack } from "./chart/stack.ts";

type MountOptions = {
  /** A fault was clicked. Default: the element with the id `fault-<id>` comes into view. */
  onFault?: (id: number) => void;
};

const goTo = (id: number): void => document.querySelector(`#fault-${id}`)?.scrollIntoView({ behavior: "smooth" });

/** Draws a run into an element, with panels, lanes and faults. It takes the width that the element has, and follows it. */
function mountTimeline(host: HTMLElement, timeline: Timeline, options: MountOptions = {}): { destroy(): void } {
  const spoken = document.createElement("div");
  spoken.className = "fl-spoken";
  spoken.setAttribute("aria-live", "polite");
  host.classList.add("fl");
  const body = document.createElement("div");
  host.append(body, spoken);
  const stack: ChartStack = new ChartStack(body, {
    onFault: (id) => {
      stack.select(id);
      (options.onFault ?? goTo)(id);
    },
    onSpoken: (text) => (spoken.textContent = text),
  });
  stack.setTimeline(timeline);
  const scheme = matchMedia("(prefers-color-scheme: dark)");
  const repaint = (): void => stack.repaint();
  scheme.addEventListener("change", repaint);
  return {
    destroy: () => {
      scheme.removeEventListener("change", repaint);
      stack.destroy();
      spoken.remove();
    },
  };
}

Object.assign(globalThis, { Faultline: { mountTimeline } });
