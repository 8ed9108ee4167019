import { mkdirSync } from "node:fs";
import { join } from "node:path";
import writeFileAtomic from "write-file-atomic";

/** Saves a result as `runs/bench-<kind>-<UTC time>.json`. @returns its path. */
export function saveResult(root: string, result: { kind: string; atMs: number }): string {
  const directory = join(root, "runs");
  mkdirSync(directory, { recursive: true });
  const time = `${new Date(result.atMs).toISOString().slice(0, 19).replaceAll(/[-:]/g, "")}Z`;
  const file = join(directory, `bench-${result.kind}-${time}.json`);
  writeFileAtomic.sync(file, `${JSON.stringify(result, undefined, 2)}\n`);
  return file;
}
