import type { RandomStream } from "../../contract/random.ts";

/** The lines of a file or a table, without their "\n". */
export function linesOf(bytes: Buffer): string[] {
  return bytes.toString("utf8").split("\n").slice(0, -1);
}

export function bytesOf(lines: readonly string[]): Buffer {
  return Buffer.from(lines.map((line) => `${line}\n`).join(""));
}

/** @returns a random index of the list; undefined for an empty one. */
export function pickIndex(random: RandomStream, list: { length: number }): number | undefined {
  return list.length === 0 ? undefined : random.integer(0, list.length - 1);
}

/** The lines with one of them replaced by others, or by none. */
export function replaced(lines: readonly string[], index: number, ...by: string[]): string[] {
  return lines.toSpliced(index, 1, ...by);
}

/**
 * Changes one letter or digit of a text at random. White space and signs stay, because a type may spell one value with and without them.
 * @returns undefined for a text without letters and digits.
 */
export function spoilCharacter(random: RandomStream, text: string): string | undefined {
  const places = [...text.matchAll(/[0-9a-z]/gi)].map(({ index }) => index);
  const at = places[pickIndex(random, places) ?? -1];
  if (at === undefined) return undefined;
  const old = text[at] as string;
  const others = /\d/.test(old) ? "123456789" : "bcdghjklmnopqrsuvwxyz";
  const left = others.replace(old, "");
  return text.slice(0, at) + left.charAt(random.integer(0, left.length - 1)) + text.slice(at + 1);
}
