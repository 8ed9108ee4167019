import { createHash } from "node:crypto";
import { appendFile, mkdir, mkdtemp, rename, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { FileSeals } from "./file-premises.ts";

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
let directory: string;
let file: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "faultline-seals-"));
  file = join(directory, "ledger.ndjson");
  await writeFile(file, "one\n");
});
afterEach(() => rm(directory, { recursive: true }));

async function sealed(change: () => Promise<void>, options?: { isLive: boolean }) {
  const seals = new FileSeals();
  await seals.seal(file, options);
  await change();
  return (await seals.finish())[0];
}

test("the checksum of a file that stays", async () => {
  expect(await sealed(async () => undefined)).toEqual({
    name: "sha256.ledger.ndjson",
    value: sha256("one\n"),
    verdict: "recorded",
    why: "",
  });
});

test.each<[string, () => Promise<void>, string]>([
  ["grows", () => appendFile(file, "two\n"), sha256("one\ntwo\n")],
  ["has other bytes", () => writeFile(file, "ONE\n"), sha256("ONE\n")],
  [
    "has other bytes, and its old time",
    async () => {
      await writeFile(file, "ONE\n");
      await utimes(file, 1, 1);
    },
    sha256("ONE\n"),
  ],
  [
    "is replaced",
    async () => {
      await writeFile(`${file}.new`, "new\n");
      await rename(`${file}.new`, file);
    },
    sha256("new\n"),
  ],
  ["disappears", () => rm(file), "missing"],
])("a file that %s meanwhile is unknown, unless no verdict rests on it", async (_name, change, now) => {
  expect(await sealed(change)).toMatchObject({
    verdict: "unknown",
    value: `${sha256("one\n")}, then ${now}`,
    why: "the file changed while it was judged",
  });
  await writeFile(file, "one\n");
  expect(await sealed(change, { isLive: true })).toMatchObject({ verdict: "recorded", value: sha256("one\n") });
});

test("a file that only got another time has the same bytes", async () => {
  expect(await sealed(() => utimes(file, 1, 1))).toMatchObject({ verdict: "recorded" });
});

test("what can't be read is unknown, unless no verdict rests on it", async () => {
  await rm(file);
  await mkdir(file);
  expect(await sealed(async () => undefined)).toMatchObject({
    verdict: "unknown",
    value: "unreadable",
    why: "nobody can say which bytes were judged",
  });
  expect(await sealed(async () => undefined, { isLive: true })).toMatchObject({
    verdict: "recorded",
    value: "unreadable",
  });
});

test("a file that is missing is noted, and noticed if it appears", async () => {
  await rm(file);
  expect(await sealed(async () => undefined)).toMatchObject({ verdict: "recorded", value: "missing" });
  expect(await sealed(() => writeFile(file, "one\n"))).toMatchObject({ verdict: "unknown" });
});
