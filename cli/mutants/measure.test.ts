import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { measureMutants } from "./measure.ts";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "faultline-mutants-"));
  await mkdir(join(root, "validation"));
  await writeFile(join(root, "validation/mutants.yaml"), "[]\n");
});
afterEach(() => rm(root, { recursive: true }));

/** A Stryker that finds one survivor in each of these files. */
function stryker(files: string[], code = 0) {
  const seen: Record<string, string>[] = [];
  const run = async (_args: string[], variables: Record<string, string>) => {
    seen.push(variables);
    const folder = join(root, ".faultline/cache/mutants", variables["FAULTLINE_MUTANTS"] ?? "");
    await mkdir(folder, { recursive: true });
    const location = { start: { line: 1, column: 1 }, end: { line: 1, column: 5 } };
    const mutants = [{ mutatorName: "BooleanLiteral", replacement: "false", status: "Survived", location }];
    const entries = files.map((file) => [file, { source: "true", mutants }]);
    await writeFile(join(folder, "report.json"), JSON.stringify({ files: Object.fromEntries(entries) }));
    return code;
  };
  return { run, seen };
}

test("measures a wing, or a single file of it, and names each survivor", async () => {
  const files = ["validation/checks/loss.ts", "validation/checks/order.ts"];
  const wing = stryker(files);
  expect(await measureMutants(root, ["validation/checks/"], wing.run)).toMatchObject({ passed: 0, failed: 2 });
  expect(wing.seen).toEqual([{ FAULTLINE_MUTANTS: "checks" }]);
  const file = stryker(files);
  const result = await measureMutants(root, ["validation/checks/loss.ts"], file.run);
  expect(result.failures).toEqual(["validation/checks/loss.ts:1 BooleanLiteral: true → false: no test notices it"]);
  expect(file.seen).toEqual([{ FAULTLINE_MUTANTS: "checks", FAULTLINE_MUTANTS_FILE: "validation/checks/loss.ts" }]);
});

test("a listed survivor is fine; an entry for one that is not there is a failure", async () => {
  const reason = "a reason that is long enough";
  const entry = {
    file: "validation/judge.ts",
    mutator: "BooleanLiteral",
    original: "true",
    replacement: "false",
    reason,
  };
  await writeFile(join(root, "validation/mutants.yaml"), JSON.stringify([entry]));
  expect(await measureMutants(root, ["judge"], stryker([entry.file]).run)).toMatchObject({ passed: 1, failed: 0 });
  const { failures } = await measureMutants(root, ["judge"], stryker([]).run);
  expect(failures).toEqual([expect.stringContaining("no such mutant survives any more")]);
});

test("a Stryker that fails is a failure, and a path that is not measured is an error", async () => {
  const { failures } = await measureMutants(root, ["judge"], stryker([], 1).run);
  expect(failures).toEqual(["judge: Stryker ended with exit code 1"]);
  for (const path of ["validation/checks/loss.test.ts", "contract", "validation/options.ts"])
    await expect(measureMutants(root, [path], stryker([]).run)).rejects.toThrow("is not measured");
});
