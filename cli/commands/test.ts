import { buildCommand } from "@stricli/core";
import { FaultlineError } from "../../contract/errors.ts";
import type { CommandContext } from "../context.ts";
import { ALL_SUITES, isSuite, SUITES, type Suite, WATCHABLE } from "../test-suites.ts";

export const test = buildCommand<{ only?: readonly Suite[]; watch: boolean }, string[], CommandContext>({
  docs: {
    brief: "Run all checks and tests, including a real chaos run",
    fullDescription:
      'Runs all suites: check (types, lint, format, dead code), unit, page (the live page in a real browser; only if Chromium is there), java (mvn verify in spark-app), e2e (real stacks, real kills, damage that must be found), compose (the same on containers; only if Docker answers). Only if they are named: mutants changes the validator in one place at a time and counts the changes that no test notices. sabotage spoils real stacks on purpose, and the verdict must say so. The last line is "N passed, N failed".\nName a suite to run it alone. Arguments after the suite select its tests: parts of file paths, a Java test class, or the file or folder that mutants changes.\n\nExamples:\n  ./faultline test\n  ./faultline test unit chaos --watch\n  ./faultline test java PartitionWriterTest\n  ./faultline test --only unit --only check\n  ./faultline test mutants validation/checks',
  },
  parameters: {
    flags: {
      only: {
        kind: "parsed",
        parse: parseSuite,
        variadic: true,
        optional: true,
        brief: `Only this suite: ${ALL_SUITES.join(", ")}`,
        placeholder: "suite",
      },
      watch: { kind: "boolean", default: false, brief: "Run the tests again after each change of a file" },
    },
    positional: {
      kind: "array",
      parameter: { brief: "A suite, then the tests in it", parse: String, placeholder: "suite tests" },
    },
  },
  async func(flags, named, ...tests) {
    const suites = named === undefined ? (flags.only ?? SUITES) : [parseSuite(named)];
    checkSelection(flags, named, tests);
    const { runSuite } = await import("../test-suites.ts");
    const total = { passed: 0, failed: 0, failures: [] as string[] };
    for (const suite of suites) {
      if (this.signal.aborted) break;
      const beganMs = Date.now();
      this.process.stdout.write(`\n== ${suite}\n`);
      const result = await runSuite(suite, this, { tests, watch: flags.watch });
      const seconds = Math.round((Date.now() - beganMs) / 1000);
      this.process.stdout.write(`== ${suite}: ${result.passed} ok, ${result.failed} not, ${seconds} s\n`);
      total.passed += result.passed;
      total.failed += result.failed;
      total.failures.push(...result.failures.map((failure) => `${suite}: ${failure}`));
    }
    // Once more at the end: a log of CI may be cut, and the rest of a suite follows the first failure.
    for (const failure of total.failures) this.process.stdout.write(`\nFAILED ${failure}\n`);
    this.process.stdout.write(`\n${total.passed} passed, ${total.failed} failed\n`);
    this.process.exitCode = this.signal.aborted ? 130 : total.failed > 0 ? 1 : 0;
  },
});

function parseSuite(text: string): Suite {
  if (isSuite(text)) return text;
  throw new FaultlineError("FL_USAGE", `${JSON.stringify(text)} is not a suite`, {
    remedy: `use one of ${ALL_SUITES.join(", ")}, for example: ./faultline test unit chaos`,
  });
}

function checkSelection(
  flags: { only?: readonly Suite[]; watch: boolean },
  named: string | undefined,
  tests: string[],
): void {
  if (flags.only !== undefined && named !== undefined)
    throw new FaultlineError("FL_USAGE", `--only and the suite ${JSON.stringify(named)} can't be given together`, {
      remedy: "name the suites with --only, or one suite without it",
    });
  const [suite = ""] = named === undefined ? (flags.only ?? []) : [named];
  if (flags.watch && !(WATCHABLE as readonly string[]).includes(suite))
    throw new FaultlineError("FL_USAGE", "--watch needs a suite that can be watched", {
      remedy: `./faultline test ${WATCHABLE[0]} --watch`,
    });
  if (tests.length > 0 && suite === "check")
    throw new FaultlineError("FL_USAGE", `the suite check has no single tests: ${tests.join(" ")}`, {
      remedy: "./faultline test check",
    });
}
