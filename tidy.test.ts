import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join, posix } from "node:path";
import { expect, it } from "vitest";

/** The repository's own rules, which no linter knows. */
const ROOT = import.meta.dirname;

/** Which rooms a room may import, next to itself. ARCHITECTURE.md has the same table. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  contract: [],
  db: ["contract"],
  producer: ["contract"],
  chaos: ["contract"],
  validation: ["contract"],
  report: ["contract"],
  platform: ["contract", "db"],
  bench: ["contract", "db", "platform"],
  cli: ["bench", "chaos", "contract", "db", "platform", "producer", "report", "validation"],
};

function sources(room: string): string[] {
  return readdirSync(join(ROOT, room), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => posix.relative(ROOT, join(entry.parentPath, entry.name)));
}

it.each(Object.entries(MAY_IMPORT))("%s imports only %j and itself", (room, allowed) => {
  const files = sources(room);
  expect(files.length).toBeGreaterThan(0);
  for (const file of files) {
    // A test may build its world from the room that makes it.
    if (/\.(test|fixture)\.ts$|\/(fixture|live)\//.test(file)) continue;
    for (const [, specifier] of readFileSync(join(ROOT, file), "utf8").matchAll(/(?:from|import\() ?"(\.[^"]+)"/g)) {
      const target = posix.join(posix.dirname(file), specifier as string).split("/")[0] as string;
      expect([room, ...allowed], `${file} imports ${specifier}`).toContain(target);
    }
  }
});

it("every room says in its README what it is", () => {
  for (const room of [...Object.keys(MAY_IMPORT), "pipelines", "spark-app"]) expect(existsSync(join(ROOT, room, "README.md")), room).toBe(true);
});

it("no file outgrows a reader", () => {
  for (const room of Object.keys(MAY_IMPORT))
    for (const file of sources(room)) expect(readFileSync(join(ROOT, file), "utf8").split("\n").length, file).toBeLessThan(450);
});
