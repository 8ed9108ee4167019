import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type ArchiveRequest, classArchive } from "./class-archive.ts";

let root: string;
let said: string[];
let trainings: number;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "faultline-archive-"));
  mkdirSync(join(root, "cache/jars"), { recursive: true });
  writeFileSync(join(root, "cache/jars/a.jar"), "a");
  said = [];
  trainings = 0;
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

function request(more: Partial<ArchiveRequest> = {}): ArchiveRequest {
  return {
    title: "Test",
    place: join(root, "cache/jars"),
    jars: join(root, "cache/jars"),
    stateDirectory: join(root, "state"),
    train: async (directory, file) => {
      trainings++;
      expect(readdirSync(directory)).toEqual([]);
      writeFileSync(file, "classes");
    },
    say: (line) => said.push(line),
    ...more,
  };
}

const archives = (): string[] => readdirSync(join(root, "cache")).filter((name) => name.includes(".jsa"));

it("is made once, beside its place, and then found", async () => {
  const file = await classArchive(request());
  expect(file).toMatch(/\/cache\/jars\.[0-9a-f]{12}\.jsa$/);
  expect(readFileSync(file as string, "utf8")).toBe("classes");
  expect(await classArchive(request())).toBe(file);
  expect(trainings).toBe(1);
  expect(said).toEqual(["Test: class archive, made once"]);
  expect(existsSync(join(root, "state/data/jars-training"))).toBe(false);
});

it("is made anew for other jars, and the old one goes", async () => {
  const before = await classArchive(request());
  writeFileSync(join(root, "cache/jars/a.jar"), "other");
  const after = await classArchive(request());
  expect(after).not.toBe(before);
  expect(existsSync(before as string)).toBe(false);
  expect(trainings).toBe(2);
});

it("is made by one of two that want it at once", async () => {
  const [one, other] = await Promise.all([
    classArchive(request()),
    classArchive(request({ stateDirectory: join(root, "state-2") })),
  ]);
  expect(one).toBe(other);
  expect(trainings).toBe(1);
});

it.each([
  ["fails half-way", "no space left"],
  ["writes nothing", "ENOENT"],
])("is absent, and stops no start, when the training %s", async (what, reason) => {
  const broken = request({
    train: async (_directory, file) => {
      trainings++;
      if (what === "writes nothing") return;
      writeFileSync(file, "half");
      throw new Error(`${reason}\nand more`);
    },
  });
  expect(await classArchive(broken)).toBeUndefined();
  expect(said.at(-1)).toContain(reason);
  expect(archives().filter((name) => !/\.(lock|failed)$/.test(name))).toEqual([]);
  // Not again at every start, but when somebody asks for it.
  expect(await classArchive(broken)).toBeUndefined();
  expect(trainings).toBe(1);
  const note = archives().find((name) => name.endsWith(".failed")) as string;
  expect(said.at(-1)).toContain(note);
  rmSync(join(root, "cache", note));
  expect(await classArchive(request())).toBeDefined();
});

it("takes an empty file, as a power failure leaves it, for none", async () => {
  const file = (await classArchive(request())) as string;
  writeFileSync(file, "");
  expect(await classArchive(request())).toBe(file);
  expect(trainings).toBe(2);
});

it("lies in the state directory when its place can't be written", async () => {
  const file = await classArchive(request({ place: join(root, "not-there/jars") }));
  expect(file).toContain(join(root, "state/cache/jars."));
});

it("passes an interruption on", async () => {
  const signal = AbortSignal.abort();
  const interrupted = request({ train: async () => Promise.reject(new Error("interrupted")), signal });
  await expect(classArchive(interrupted)).rejects.toThrow("interrupted");
  expect(archives().filter((name) => name.endsWith(".failed"))).toEqual([]);
});
