import type { Premise } from "../../contract/verdict.ts";

/** The server promises what the claim needs. */
export function holds(name: string, value: string, why: string): Premise {
  return { name, value, verdict: "holds", why };
}

/** With this value nothing stands behind "acknowledged" or "committed", or something was read that can't be compared. */
export function unknown(name: string, value: string, why: string): Premise {
  return { name, value, verdict: "unknown", why };
}

/** The promise has an exception. Within this run the comparison would have shown its effect; beyond the run nothing is proved. */
export function notProved(name: string, value: string, why: string): Premise {
  return { name, value, verdict: "not-proved", why };
}

/** Evidence that no verdict rests on. */
export function recorded(name: string, value: string): Premise {
  return { name, value, verdict: "recorded", why: "" };
}

/** As a reason of the verdict, or as a line under "not proved". */
export function premiseSentence({ name, value, why }: Premise): string {
  return `${name} is ${value}: ${why}`;
}

/** A list as text: "none" if it is empty. */
export function listText(items: readonly string[]): string {
  return items.length === 0 ? "none" : items.join(", ");
}
