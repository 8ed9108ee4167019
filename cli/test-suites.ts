import { type SpawnOptions, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { composeDown } from "./compose-project.ts";

/** What a suite found. A suite that could not run counts as one failure. */
export type SuiteResult = { passed: number; failed: number };

export const SUITES = ["check", "unit", "java", "e2e", "compose"] as const;
export type Suite = (typeof SUITES)[number];

/** Runs one suite with its output on this terminal. */
export async function runSuite(suite: Suite, root: string, signal: AbortSignal): Promise<SuiteResult> {
  if (suite === "check") return (await command(root, signal, "npm", ["run", "--silent", "check"])) === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
  if (suite === "java") {
    const began = Date.now();
    const code = await command(join(root, "spark-app"), signal, "mvn", ["-B", "-ntp", "verify"]);
    return withExitCode(code, surefireCounts(join(root, "spark-app"), began));
  }
  if (suite === "compose" && spawnSync("docker", ["info"], { stdio: "ignore", timeout: 20_000 }).status !== 0) {
    process.stdout.write("compose: NOT RUN: no Docker answers on this machine\n");
    return { passed: 0, failed: 0 };
  }
  const result = await vitest(root, signal, suite);
  // Interrupted tests do not clean up behind them, and containers live on.
  if (suite === "compose" && signal.aborted) await composeDown({ root, signal }, true);
  return result;
}

async function vitest(root: string, signal: AbortSignal, project: string): Promise<SuiteResult> {
  const scratch = mkdtempSync(join(tmpdir(), "faultline-test-"));
  try {
    const file = join(scratch, "result.json");
    const code = await command(root, signal, "node", [
      join(root, "node_modules/vitest/vitest.mjs"),
      "run",
      "--project",
      project,
      "--reporter=default",
      "--reporter=json",
      `--outputFile.json=${file}`,
    ]);
    const result = JSON.parse(readFileSync(file, "utf8")) as { numPassedTests: number; numFailedTests: number };
    return withExitCode(code, { passed: result.numPassedTests, failed: result.numFailedTests });
  } catch {
    return { passed: 0, failed: 1 };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** A runner that failed without a failed test (a file that could not be loaded, a compiler error) is a failure too. */
function withExitCode(code: number, counts: SuiteResult): SuiteResult {
  const nothingRan = counts.passed + counts.failed === 0;
  return (code !== 0 && counts.failed === 0) || nothingRan ? { ...counts, failed: counts.failed + 1 } : counts;
}

/** Sums Surefire's reports that are not older than this run. */
function surefireCounts(directory: string, sinceMs: number): SuiteResult {
  const total = { passed: 0, failed: 0 };
  for (const module of readdirSync(directory, { withFileTypes: true }).filter((entry) => entry.isDirectory())) {
    const reports = join(directory, module.name, "target", "surefire-reports");
    for (const name of existing(reports).filter((file) => file.startsWith("TEST-"))) {
      const file = join(reports, name);
      if (statSync(file).mtimeMs < sinceMs) continue;
      const head = /<testsuite [^>]*>/.exec(readFileSync(file, "utf8"))?.[0] ?? "";
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

/** @returns the exit code; 128 for a command that a signal ended. */
function command(cwd: string, signal: AbortSignal, file: string, args: string[]): Promise<number> {
  const options: SpawnOptions = { cwd, stdio: ["ignore", "inherit", "inherit"], signal, killSignal: "SIGTERM" };
  return new Promise((resolve) => {
    const child = spawn(file, args, options);
    child.on("error", (error) => {
      process.stderr.write(`${file}: ${error.message}\n`);
      resolve(127);
    });
    child.on("close", (code) => resolve(code ?? 128));
  });
}
