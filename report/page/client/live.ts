import { html, render } from "htm/preact";
import { RunModel } from "./live/model.ts";
import { Page } from "./live/page.ts";
import { RunEvents } from "./live/stream.ts";

/** Between two pictures, so many times as long as the last one took: a long history comes in many pieces. */
const REST = 3;
const LEAST_REST_MS = 60;

const model = new RunModel();
let selected: number | undefined;
let isWaiting = false;
let restUntilMs = 0;

/** Draws soon, and only once for all that has changed until then. */
function change(): void {
  if (isWaiting) return;
  isWaiting = true;
  setTimeout(() => requestAnimationFrame(draw), Math.max(0, restUntilMs - performance.now()));
}

function draw(): void {
  isWaiting = false;
  const begunMs = performance.now();
  const host = document.querySelector<HTMLElement>("#page");
  if (host === null) return;
  render(html`<${Page} model=${model} events=${events} selected=${selected} onSelect=${select} />`, host);
  restUntilMs = performance.now() + Math.max(LEAST_REST_MS, REST * (performance.now() - begunMs));
}

function select(id: number | undefined): void {
  selected = id;
  change();
}

// For the browser's console, and for tests: what the page knows.
Object.assign(globalThis, { Faultline: { model } });

// The cookie has the token from now on: the address is safe to be seen.
if (location.search.includes("token=")) history.replaceState(null, "", location.pathname);
document.querySelector("#page")?.replaceChildren();
const events = new RunEvents(model, change);
change();
