import { appendFileSync, mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { LineTail } from "./line-tail.ts";

let directory: string;
let path: string;
let tail: LineTail;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "faultline-tail-"));
  path = join(directory, "log");
  tail = new LineTail(path);
});
afterEach(() => rmSync(directory, { recursive: true }));

/** The new lines; "restart" where another file begins. */
async function read(): Promise<string[]> {
  const lines: string[] = [];
  await tail.read(
    (line) => lines.push(line),
    () => lines.push("restart"),
  );
  return lines;
}

it("waits for a file that is not there yet, and gives each line once, when it is whole", async () => {
  expect(await read()).toEqual([]);
  writeFileSync(path, "one\ntw");
  expect([await read(), await read()]).toEqual([["one"], []]);
  appendFileSync(path, "o\n\nthree\n");
  expect([await read(), await read()]).toEqual([["two", "", "three"], []]);
});

it("a torn line that its writer cuts off was never there", async () => {
  writeFileSync(path, "one\ntor");
  await read();
  truncateSync(path, 4);
  appendFileSync(path, "two, longer than what was torn\n");
  expect(await read()).toEqual(["two, longer than what was torn"]);
});

it("begins again with another file in the place of the first, and with a file that lost whole lines", async () => {
  writeFileSync(path, "one\ntwo\n");
  await read();
  truncateSync(path, 4);
  expect(await read()).toEqual(["restart", "one"]);
  writeFileSync(`${path}.new`, "three\nfour\nfive\n");
  renameSync(`${path}.new`, path);
  expect(await read()).toEqual(["restart", "three", "four", "five"]);
  rmSync(path);
  expect([await read(), await read()]).toEqual([["restart"], []]);
  writeFileSync(path, "six\n");
  expect(await read()).toEqual(["six"]);
});

it("gives lines that are longer than a chunk, and many of them", async () => {
  const lines = Array.from({ length: 9_000 }, (_, index) => `é${index} ${"x".repeat(index % 50)}`);
  const long = "y".repeat(200_000);
  writeFileSync(path, `${[...lines, long, "end"].join("\n")}\n`);
  expect(await read()).toEqual([...lines, long, "end"]);
});

it("leaves a line out that is too long to be kept, and only that one", async () => {
  writeFileSync(path, `one\n${"z".repeat(3 << 20)}`);
  expect(await read()).toEqual(["one"]);
  appendFileSync(path, "zzz\ntwo\nthree\n");
  expect(await read()).toEqual(["two", "three"]);
});

it("goes on at the offset of an earlier tail, and begins again if the file is shorter or gone by then", async () => {
  writeFileSync(path, "one\ntwo\n");
  await read();
  expect(tail.offset).toBe(8);
  appendFileSync(path, "three\n");
  tail = new LineTail(path, 8);
  expect([await read(), await read(), tail.offset]).toEqual([["three"], [], 14]);
  truncateSync(path, 4);
  tail = new LineTail(path, 8);
  expect(await read()).toEqual(["restart", "one"]);
  rmSync(path);
  tail = new LineTail(path, 8);
  expect([await read(), tail.offset]).toEqual([["restart"], 0]);
});

it("stops after a chunk if that is enough, and goes on there the next time", async () => {
  const lines = Array.from({ length: 9_000 }, (_, index) => `line ${index} ${"x".repeat(20)}`);
  writeFileSync(path, `${lines.join("\n")}\n`);
  const found: string[] = [];
  const counts: number[] = [];
  while (found.length < lines.length) {
    const before = found.length;
    await tail.read(
      (line) => found.push(line),
      () => undefined,
      () => true,
    );
    counts.push(found.length - before);
  }
  expect(found).toEqual(lines);
  expect(counts.length).toBeGreaterThan(3);
});
