import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join, posix } from "node:path";
import { describe, expect, it } from "vitest";

/** The repository's own rules, which no linter knows. */
const ROOT = import.meta.dirname;

/** Which rooms a room may import, next to itself. ARCHITECTURE.md has the same table. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  contract: [],
  machine: ["contract"],
  db: ["contract"],
  // Their own readers are what makes the proof independent: neither imports machine.
  validation: ["contract"],
  report: ["contract"],
  producer: ["contract", "machine"],
  monitor: ["contract", "machine", "report"],
  chaos: ["contract", "machine"],
  platform: ["contract", "db", "machine"],
  bench: ["chaos", "contract", "db", "machine", "platform", "report", "validation"],
  cli: ["bench", "chaos", "contract", "db", "machine", "monitor", "platform", "producer", "report", "validation"],
};

/** Wings of one room, from the ground up: a wing may import those before it, and itself. "." is what lies flat in the folder, but for files named here. */
const WINGS: Record<string, readonly string[]> = {
  chaos: ["plan", "journal", "nodes", "faults", "."],
  monitor: ["observed.ts", "sources", "sample", "witness", "commits", "metrics", "http", "."],
  report: ["measure", "timeline", "view", "page", "render", "resilience"],
  validation: [
    "read",
    "truth",
    "mapping",
    "sinks",
    "frontier",
    "witness",
    "histories",
    "source",
    "engine",
    "checks",
    "canary",
    "premises",
    "load",
    "slo",
    "evidence",
    "evidence-file",
    ".",
    "bench",
  ],
  "platform/local": ["state", "supervisor", "nodes", "links", "stack", "."],
  "platform/compose": ["engine", "conditions", "host", "."],
};

/** Parts of platform/ that may not know each other. */
const STRANGERS: readonly (readonly [string, string])[] = [
  ["platform/local", "platform/compose"],
  ["platform/compose", "platform/local"],
  ["platform/protocol", "platform/local"],
  ["platform/protocol", "platform/compose"],
  ["platform/link", "platform/local"],
  ["platform/link", "platform/compose"],
];

const isOfRuntime = (file: string): boolean => /^platform\/(?:local|compose)\//.test(file);
const isForTests = (file: string): boolean => /\.test\.ts$|\/(fixture|live)\//.test(file);

function sources(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => posix.relative(ROOT, join(entry.parentPath, entry.name)));
}

const ALL = Object.keys(MAY_IMPORT).flatMap(sources);

/** What a file imports of this repository, as paths from its root. */
function imports(file: string): string[] {
  const text = readFileSync(join(ROOT, file), "utf8");
  return [...text.matchAll(/(?:from|import\(|\bimport) ?"(\.[^"]+)"/g)].map(([, specifier]) =>
    posix.join(posix.dirname(file), specifier as string),
  );
}

describe("imports", () => {
  it.each(Object.entries(MAY_IMPORT))("%s imports only %j and itself", (room, allowed) => {
    const files = sources(room);
    expect(files.length).toBeGreaterThan(0);
    // A test may build its world from the room that makes it.
    for (const file of files.filter((name) => !isForTests(name)))
      for (const target of imports(file))
        expect([room, ...allowed], `${file} imports ${target}`).toContain(target.split("/")[0]);
  });

  it.each(Object.entries(WINGS))("%s: its wings %j import downwards only", (room, wings) => {
    const wingOf = (file: string): number => {
      const [first = "", second] = posix.relative(room, file).split("/");
      return wings.indexOf(second === undefined && !wings.includes(first) ? "." : first);
    };
    for (const file of sources(room).filter((name) => !isForTests(name)))
      for (const target of imports(file).filter((name) => name.startsWith(`${room}/`)))
        expect(wingOf(target), `${file} imports ${target}`).toBeLessThanOrEqual(wingOf(file));
  });

  it("only platform/runtimes.ts, and bench for its own stacks, know a runtime", () => {
    const knowing = ALL.filter((file) => !isForTests(file) && !isOfRuntime(file) && imports(file).some(isOfRuntime));
    expect(knowing.filter((file) => !file.startsWith("bench/"))).toEqual(["platform/runtimes.ts"]);
  });

  it.each(STRANGERS)("%s does not know %s", (folder, stranger) => {
    for (const file of sources(folder))
      for (const target of imports(file))
        expect(target.startsWith(`${stranger}/`), `${file} imports ${target}`).toBe(false);
  });
});

function textOf(file: string): string {
  return readFileSync(join(ROOT, file), "utf8");
}

/** Files, other than for tests, that have this text. */
function readers(text: string | RegExp): string[] {
  return ALL.filter(
    (file) => !isForTests(file) && (typeof text === "string" ? textOf(file).includes(text) : text.test(textOf(file))),
  ).toSorted();
}

describe("one place", () => {
  it("chooses the runtime; the CLI checks its name first in every command", () => {
    // As a string, or as a member; prose may name it.
    expect(readers(/"FAULTLINE_RUNTIME"|\.FAULTLINE_RUNTIME/)).toEqual([
      "platform/check-environment.ts",
      "platform/runtimes.ts",
    ]);
    expect(readers('"FAULTLINE_INSIDE"')).toEqual(["platform/compose/runtime.ts"]);
  });

  it("runs flock, tells processes apart, folds the journal, waits with a deadline", () => {
    expect(readers('spawnSync("flock"')).toEqual(["machine/file-lock.ts"]);
    expect(readers("function sameProcess")).toEqual(["machine/process-identity.ts"]);
    expect(readers("class FaultHistories")).toEqual(["contract/fault-history.ts"]);
    expect(
      ALL.filter((file) => !isForTests(file) && /deadlineMs = (?:Date|performance)\.now\(\)/.test(textOf(file))),
    ).toEqual([]);
  });
});

it("every image has the Node of .node-version", () => {
  const version = readFileSync(join(ROOT, ".node-version"), "utf8").trim();
  for (const file of ["producer/Dockerfile", "validation/Dockerfile"])
    expect(readFileSync(join(ROOT, file), "utf8"), file).toContain(`ARG NODE_VERSION=${version}\n`);
});

it("every room says in its README what it is", () => {
  for (const room of [...Object.keys(MAY_IMPORT), "pipelines", "spark-app"])
    expect(existsSync(join(ROOT, room, "README.md")), room).toBe(true);
});

it("fixtures are in folders of that name", () => {
  expect(ALL.filter((file) => file.endsWith(".fixture.ts"))).toEqual([]);
});

it("no file outgrows a reader", () => {
  for (const file of ALL) expect(readFileSync(join(ROOT, file), "utf8").split("\n").length, file).toBeLessThan(450);
});
