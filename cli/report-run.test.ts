import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { PassThrough } from "node:stream";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { digestSchema } from "../contract/digest.ts";
import { RUN_FILES } from "../contract/run.ts";
import { RUN_ID, writeRunDirectory } from "../report/fixture/run-directory.ts";
import { compareRuns, reportRun } from "./report-run.ts";

let root: string;
let directory: string;
const path = (file: keyof typeof RUN_FILES): string => join(directory, RUN_FILES[file]);

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "faultline-report-run-"));
  directory = join(root, RUN_ID);
  await writeRunDirectory(directory);
});
afterEach(() => rm(root, { recursive: true }));

/** What is printed. */
async function printed(work: (out: NodeJS.WritableStream) => Promise<void>): Promise<string> {
  const out = new PassThrough();
  await work(out);
  out.end();
  return (await out.toArray()).join("");
}

test("writes both reports, and says where; JUnit and digest where they are wanted", async () => {
  const [junit, digest] = [join(root, "out.xml"), join(root, "digest.json")];
  const text = await printed((out) => reportRun(directory, { print: false, json: false, junit, digest }, out));
  expect(text.split("\n")).toEqual([path("report"), path("reportPage"), junit, digest, ""]);
  expect(await readFile(junit, "utf8")).toContain(
    '<testsuites name="20231114T221320Z-payments" tests="2" failures="0"',
  );
  const { machine, run_id } = digestSchema.parse(JSON.parse(await readFile(digest, "utf8")));
  expect(run_id).toBe(RUN_ID);
  expect(machine.cores).toBeGreaterThan(0);
  expect((await stat(path("reportPage"))).size).toBeGreaterThan(10_000);
});

test("--print prints the report, --json all that it says", async () => {
  expect(await printed((out) => reportRun(directory, { print: true, json: false }, out))).toBe(
    await readFile(path("report"), "utf8"),
  );
  const text = await printed((out) => reportRun(directory, { print: false, json: true }, out));
  expect(JSON.parse(text)).toMatchObject({ id: RUN_ID, faults: [{ ack_gap: { measure: { low_ms: 4_335 } } }] });
});

test("a file that can't be written is an error that names the flag", async () => {
  const junit = join(root, "nowhere", "out.xml");
  const work = reportRun(directory, { print: false, json: false, junit }, new PassThrough());
  await expect(work).rejects.toMatchObject({
    code: "FL_USAGE",
    message: expect.stringContaining(`--junit ${junit} can't be written`),
  });
});

test("two runs side by side, as text and as JSON", async () => {
  const text = await printed((out) => compareRuns(directory, directory, false, out));
  expect(text).toMatch(/kill kafka +no ack for +4\.335 s \(1\) +4\.335 s \(1\) +too few to tell/);
  const json = JSON.parse(await printed((out) => compareRuns(directory, directory, true, out))) as { lines: object[] };
  expect(json.lines[0]).toMatchObject({
    fault: "kill kafka",
    a: { n: 1, median: { low_ms: 1_500 } },
    result: "too-few",
  });
});
