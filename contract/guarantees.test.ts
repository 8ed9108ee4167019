import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "..");
const JAVA_TESTS = "spark-app/*/src/test/java/**/*.java";
const page = readFileSync(join(ROOT, "docs/guarantees.md"), "utf8");
const evidence = [...page.matchAll(/^\|.*\|([^|]*)\|$/gm)].map(([, cell]) => cell ?? "").slice(2);

it("docs/guarantees.md names tests that exist", () => {
  const paths = evidence.flatMap((cell) =>
    [...cell.matchAll(/`([^`]+\.test\.ts)`/g)].map(([, path]) => path as string),
  );
  expect(paths.length).toBeGreaterThan(15);
  for (const path of paths) expect(globSync(path, { cwd: ROOT }), path).not.toEqual([]);
});

it("docs/guarantees.md names Java tests that exist", () => {
  const names = evidence.flatMap((cell) =>
    [...cell.matchAll(/`(?:\w+Test\.)?(\w+)`/g)].map(([, name]) => name as string),
  );
  expect(names.length).toBeGreaterThan(10);
  const sources = globSync(JAVA_TESTS, { cwd: ROOT }).map((file) => readFileSync(join(ROOT, file), "utf8"));
  const declares = (name: string) => sources.some((text) => new RegExp(`(?:void|class) ${name}\\b`).test(text));
  expect(names.filter((name) => !declares(name))).toEqual([]);
});
