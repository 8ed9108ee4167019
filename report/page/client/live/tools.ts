import { html } from "htm/preact";
import type { VNode } from "preact";

export const THEMES = ["auto", "dark", "light"] as const;
export type Theme = (typeof THEMES)[number];
const KEY = "faultline-theme";

/** @returns what was chosen last; a browser that keeps nothing has "auto". */
export function storedTheme(): Theme {
  try {
    const stored = localStorage.getItem(KEY);
    return THEMES.find((theme) => theme === stored) ?? "auto";
  } catch {
    return "auto";
  }
}

export function applyTheme(theme: Theme): void {
  document.documentElement.style.colorScheme = theme === "auto" ? "dark light" : theme;
  if (theme === "auto") document.documentElement.style.removeProperty("color-scheme");
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // It holds for this page then.
  }
}

/** How much of the run is shown, ms; undefined: all of it. */
export const WINDOWS: readonly { label: string; lastMs: number | undefined }[] = [
  { label: "all", lastMs: undefined },
  { label: "10 min", lastMs: 600_000 },
  { label: "2 min", lastMs: 120_000 },
];

type Choice<T> = { label: string; value: T };
type Props<T> = { name: string; choices: readonly Choice<T>[]; chosen: T | "none"; onChoose: (value: T) => void };

/** One of a few. */
export function Choices<T>({ name, choices, chosen, onChoose }: Props<T>): VNode {
  return html`<div class="choices" role="group" aria-label=${name}>
    ${choices.map(
      ({ label, value }) =>
        html`<button type="button" aria-pressed=${value === chosen ? "true" : "false"} onClick=${() => onChoose(value)}>
          ${label}
        </button>`,
    )}
  </div>`;
}
