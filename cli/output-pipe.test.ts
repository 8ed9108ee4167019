import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { RUN_FILES } from "../contract/run.ts";
import { RUN_ID, VERDICT, writeRunDirectory } from "../report/fixture/run-directory.ts";

const root = mkdtempSync(join(tmpdir(), "faultline-output-"));
const directory = join(root, RUN_ID);
beforeAll(async () => {
  await writeRunDirectory(directory);
  // What is printed must be longer than a pipe.
  const anomalies = VERDICT.anomalies.map((anomaly) => ({ ...anomaly, detail: "x".repeat(200_000) }));
  writeFileSync(join(directory, RUN_FILES.verdict), JSON.stringify({ ...VERDICT, anomalies }));
});
afterAll(() => rmSync(root, { recursive: true }));

/** What the shell prints, for a pipeline that begins with a long output. */
const sh = (tail: string): string =>
  execFileSync("bash", ["-c", `"$0" cli/main.ts report "$1" --json ${tail}`, process.execPath, directory], {
    cwd: join(import.meta.dirname, ".."),
    encoding: "utf8",
  });

test("all that is printed comes through a pipe", () => {
  const whole = sh(`> "$1/out"; wc -c < "$1/out"`);
  expect(Number(whole)).toBeGreaterThan(65_536);
  expect(sh("| wc -c")).toBe(whole);
});

test("a reader that has enough is no crash", () => {
  expect(sh(`2> "$1/err" | head -c 1; wc -c < "$1/err"`)).toBe("{0\n");
});
