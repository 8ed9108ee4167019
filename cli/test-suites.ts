import { type StdioOptions, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { z } from "zod";
import { isAbsent } from "../contract/capability.ts";
import { findChromium } from "./chromium.ts";
import type { CommandContext } from "./context.ts";

/** What a suite found. A suite that could not run counts as one failure. `failures`: the name of each failed test, and what it said. */
export type SuiteResult = { passed: number; failed: number; failures: string[] };

/** The suites that run if none is named. */
export const SUITES = ["check", "unit", "page", "java", "e2e", "compose"] as const;
/** Suites that run only if they are named, because they take hours. */
export const SUITES_ON_REQUEST = ["mutants", "sabotage"] as const;
export const ALL_SUITES = [...SUITES, ...SUITES_ON_REQUEST] as const;
export type Suite = (typeof ALL_SUITES)[number];
export const WATCHABLE = ["unit"] as const satisfies readonly Suite[];

export function isSuite(text: string): text is Suite {
  return (ALL_SUITES as readonly string[]).includes(text);
}

/** `tests`: parts of the paths of test files, names of Java test classes, or what is mutated; none: all. */
type Selection = { tests: readonly string[]; watch: boolean };

type Place = Pick<CommandContext, "root" | "signal" | "runtime">;

/** Runs one suite with its output on this terminal. */
export async function runSuite(suite: Suite, place: Place, { tests, watch }: Selection): Promise<SuiteResult> {
  const { root } = place;
  if (suite === "check") {
    const run = await command(place, root, "npm", ["run", "--silent", "check"]);
    return withExitCode(run, { passed: run.code === 0 ? 1 : 0, failed: 0, failures: [] });
  }
  if (suite === "java") return maven(place, tests);
  if (suite === "mutants") {
    const { measureMutants } = await import("./mutants/measure.ts");
    return measureMutants(root, tests, async (args, variables) => {
      const { code } = await command(place, root, "node", args, "none", variables);
      return code;
    });
  }
  if (suite === "compose" && spawnSync("docker", ["info"], { stdio: "ignore", timeout: 20_000 }).status !== 0) {
    process.stdout.write("compose: NOT RUN: no Docker answers on this machine\n");
    return { passed: 0, failed: 0, failures: [] };
  }
  if (suite === "page" && findChromium() === undefined) {
    process.stdout.write(
      "page: NOT RUN: there is no Chromium on this machine (apt-get install chromium, or set CHROMIUM_PATH)\n",
    );
    return { passed: 0, failed: 0, failures: [] };
  }
  const result = await vitest(place, suite, tests, watch);
  // Interrupted tests do not clean up, and containers live on.
  if (suite === "compose" && place.signal.aborted) await takeContainersDown(place);
  return result;
}

async function maven(place: Place, tests: readonly string[]): Promise<SuiteResult> {
  const directory = join(place.root, "spark-app");
  const beganMs = Date.now();
  const only = tests.length === 0 ? [] : [`-Dtest=${tests.join(",")}`, "-Dsurefire.failIfNoSpecifiedTests=false"];
  const run = await command(place, directory, "mvn", ["-B", "-ntp", ...only, "verify"]);
  return withExitCode(run, surefireCounts(directory, beganMs));
}

async function takeContainersDown({ runtime }: Place): Promise<void> {
  const { power } = await runtime("compose");
  if (isAbsent(power)) return;
  await power.down({ volumes: true }, { onProgress: () => {}, signal: new AbortController().signal });
}

/** Vitest's JSON report, as far as it is used here. `message`: why a file failed as a whole. */
const reportSchema = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  testResults: z.array(
    z.object({
      name: z.string(),
      message: z.string().default(""),
      assertionResults: z.array(
        z.object({ status: z.string(), fullName: z.string(), failureMessages: z.array(z.string()).nullish() }),
      ),
    }),
  ),
});
/** Of what a failed test said, so many characters: enough for its message and where it stands. */
const FAILURE_CHARACTERS = 600;

async function vitest(place: Place, project: string, tests: readonly string[], watch: boolean): Promise<SuiteResult> {
  const runner = join(place.root, "node_modules/vitest/vitest.mjs");
  if (watch) {
    const args = [runner, "watch", "--project", project, ...tests];
    const { code } = await command(place, place.root, "node", args, "inherit");
    return { passed: 0, failed: code === 0 ? 0 : 1, failures: [] };
  }
  const scratch = mkdtempSync(join(tmpdir(), "faultline-test-"));
  try {
    const file = join(scratch, "result.json");
    const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${file}`];
    const ran = await command(place, place.root, "node", [runner, "run", "--project", project, ...reporters, ...tests]);
    const report = reportSchema.parse(JSON.parse(readFileSync(file, "utf8")));
    const failures = report.testResults.flatMap(({ name, message, assertionResults }) => [
      ...(message === "" ? [] : [`${name}: ${message.slice(0, FAILURE_CHARACTERS)}`]),
      ...assertionResults
        .filter(({ status }) => status === "failed")
        .map((test) => `${test.fullName}: ${(test.failureMessages ?? []).join("; ").slice(0, FAILURE_CHARACTERS)}`),
    ]);
    return withExitCode(ran, { passed: report.numPassedTests, failed: report.numFailedTests, failures });
  } catch (error) {
    return { passed: 0, failed: 1, failures: [`the tests gave no report: ${(error as Error).message}`] };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/**
 * A runner that failed without a failed test (a file that could not be loaded, a compiler error, an error outside of every test) is a
 * failure, too. It has no name: the end of what it printed has to say it.
 */
function withExitCode({ code, tail }: Ended, counts: SuiteResult): SuiteResult {
  const nothingRan = counts.passed + counts.failed === 0;
  if (!((code !== 0 && counts.failed === 0) || nothingRan)) return counts;
  const said = `exit code ${code} without a failed test. The end of its output:\n${stripVTControlCharacters(tail)}`;
  return { ...counts, failed: counts.failed + 1, failures: [...counts.failures, said] };
}

/** Sums Surefire's reports that are not older than this run. */
function surefireCounts(directory: string, sinceMs: number): SuiteResult {
  const total: SuiteResult = { passed: 0, failed: 0, failures: [] };
  for (const module of readdirSync(directory, { withFileTypes: true }).filter((entry) => entry.isDirectory())) {
    const reports = join(directory, module.name, "target", "surefire-reports");
    for (const name of existing(reports).filter((file) => file.startsWith("TEST-"))) {
      const file = join(reports, name);
      if (statSync(file).mtimeMs < sinceMs) continue;
      const text = readFileSync(file, "utf8");
      const head = /<testsuite [^>]*>/.exec(text)?.[0] ?? "";
      const broken = text.matchAll(/<testcase name="([^"]*)" classname="([^"]*)"[^>]*>\s*<(?:failure|error)([^>]*)>/g);
      for (const [, test, owner, said] of broken) total.failures.push(`${owner}.${test}:${said}`);
      const count = (attribute: string) => Number(new RegExp(` ${attribute}="(\\d+)"`).exec(head)?.[1] ?? 0);
      const failed = count("failures") + count("errors");
      total.failed += failed;
      total.passed += count("tests") - failed - count("skipped");
    }
  }
  return total;
}

function existing(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

/** How a command ended. `code`: 128 for one that a signal ended. `tail`: the last characters that it printed. */
type Ended = { code: number; tail: string };
/** Vitest writes its errors some screens before the end. */
const TAIL_CHARACTERS = 4000;

function command(
  { signal }: Place,
  cwd: string,
  file: string,
  args: string[],
  terminal: "none" | "inherit" = "none",
  variables: Record<string, string> = {},
): Promise<Ended> {
  const stdio: StdioOptions = terminal === "inherit" ? "inherit" : ["ignore", "pipe", "pipe"];
  // Through the pipe colours would be lost that the terminal can show.
  const env = { ...(process.stdout.isTTY && { FORCE_COLOR: "1" }), ...process.env, ...variables };
  return new Promise((done) => {
    let tail = "";
    const child = spawn(file, args, { cwd, stdio, env, signal, killSignal: "SIGTERM" });
    const keep = (text: Buffer) => (tail = (tail + text.toString("utf8")).slice(-TAIL_CHARACTERS));
    child.stdout?.on("data", keep).pipe(process.stdout, { end: false });
    child.stderr?.on("data", keep).pipe(process.stderr, { end: false });
    child.on("error", (error) => {
      process.stderr.write(`${file}: ${error.message}\n`);
      done({ code: 127, tail: error.message });
    });
    child.on("close", (code) => done({ code: code ?? 128, tail }));
  });
}
