import { element } from "./dom.ts";
import { type Frame, plotWidth } from "./frame.ts";

/** Of the font of a mark; and beside its text. */
const CHARACTER_PX = 6.1;
const PADDING_PX = 12;

/** A number for each fault above the lanes, where the fault begins. For the mouse: the keyboard has the list of faults, and the arrow keys. */
export class Rail {
  readonly element = element("div", { class: "fl-rail", "aria-hidden": "true" });
  readonly #onFault: (id: number) => void;
  #drawn = "";

  constructor(onFault: (id: number) => void) {
    this.#onFault = onFault;
  }

  place(frame: Frame): void {
    this.element.style.width = `${plotWidth(frame)}px`;
    this.element.style.marginLeft = `${frame.axisWidth}px`;
  }

  draw(frame: Frame): void {
    const { underlay, window } = frame;
    const [from, to] = window;
    const widthPx = plotWidth(frame);
    const { timeline, startMs, selected } = underlay;
    const marks = timeline.faults.map((fault) => ({
      fault,
      left: Math.round(((fault.injected_ms - startMs - from) / (to - from)) * widthPx),
    }));
    const shown = marks.filter(({ left }) => left >= 0 && left <= widthPx);
    // What the fault is, where there is room up to the next mark.
    const texts = shown.map(({ fault, left }, index) => {
      const roomPx = (shown[index + 1]?.left ?? widthPx) - left;
      const long = `${fault.id} ${fault.kind} ${fault.node}`;
      return long.length * CHARACTER_PX + PADDING_PX < roomPx ? long : `${fault.id}`;
    });
    const drawn = JSON.stringify([texts, shown.map(({ fault, left }) => [fault.id, fault.effective, left]), selected]);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    this.element.replaceChildren(
      ...shown.map(({ fault, left }, index) => {
        const isIdle = fault.effective === false || fault.failed !== null;
        const mark = element(
          "span",
          { class: `fl-mark${isIdle ? " fl-idle" : ""}`, title: `${fault.kind} ${fault.node}` },
          [texts[index] ?? ""],
        );
        mark.style.left = `${left}px`;
        if (fault.id === selected) mark.classList.add("fl-selected");
        mark.addEventListener("click", () => this.#onFault(fault.id));
        return mark;
      }),
    );
  }
}
