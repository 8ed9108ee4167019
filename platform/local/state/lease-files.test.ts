import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { z } from "zod";
import { type Lease, LeaseFiles } from "./lease-files.ts";
import { stateFile } from "./state-file.ts";

const directory = mkdtempSync(join(tmpdir(), "fl-leases-"));
afterAll(() => rmSync(directory, { recursive: true }));
const leases = new LeaseFiles<Lease>(
  directory,
  stateFile(1, z.object({ tag: z.string(), until_ms: z.number() })),
  (lease) => lease,
);
const tags = (): string[] => leases.all().map(({ tag }) => tag);

it("keeps any tag until its time is over, or until it is removed", () => {
  leases.write({ tag: "a/b ü%", until_ms: Date.now() + 60_000 });
  leases.write({ tag: "late", until_ms: Date.now() - 1 });
  expect(tags()).toEqual(["a/b ü%"]);
  leases.sweep();
  leases.remove("a/b ü%");
  expect(readdirSync(directory)).toEqual([]);
});

// Whoever made such a file: it must count, and it must be possible to get rid of it by the tag that is shown.
it.each([
  ["is damaged", "chaos-1.json", "{"],
  ["says another tag than its name", "chaos-1.json", JSON.stringify({ version: 1, tag: "other", until_ms: 2 ** 50 })],
  ["has another version", "chaos-1.json", JSON.stringify({ version: 9, tag: "chaos-1", until_ms: 1 })],
  ["has a name that is not encoded", "50%.json", "{"],
  ["has a name that is encoded in another way", "a%2db.json", "{"],
])("a file that %s is a lease, and goes by the tag that is shown", (_, name, text) => {
  writeFileSync(join(directory, name), text);
  const [tag] = tags();
  expect(tag).toBeDefined();
  leases.remove(tag as string);
  expect(tags()).toEqual([]);
  expect(existsSync(join(directory, name))).toBe(false);
});
