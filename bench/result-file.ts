import { mkdirSync } from "node:fs";
import { join } from "node:path";
import writeFileAtomic from "write-file-atomic";

/** Saves a result as `runs/bench-<kind>-<UTC time>.json`. @returns its path. */
export function saveResult(root: string, result: { kind: string; atMs: number }): string {
  const directory = join(root, "runs");
  mkdirSync(directory, { recursive: true });
  const time = `${new Date(result.atMs).toISOString().slice(0, 19).replaceAll(/[-:]/g, "")}Z`;
  const file = join(directory, `bench-${result.kind}-${time}.json`);
  writeFileAtomic.sync(file, `${resultJson(result, 2)}\n`);
  return file;
}

/** A result as it is saved and printed: members in snake_case, as in every file of Faultline. */
export function resultJson(result: object, indent?: number): string {
  return JSON.stringify(snakeCased(result), undefined, indent);
}

function snakeCased(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(snakeCased);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [snake(name), snakeCased(member)]));
}

function snake(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
