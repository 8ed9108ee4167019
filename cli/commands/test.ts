import { buildCommand, buildChoiceParser } from "@stricli/core";
import type { CommandContext } from "../context.ts";
import { SUITES, type Suite } from "../test-suites.ts";

export const test = buildCommand<{ only?: readonly Suite[] }, [], CommandContext>({
  docs: {
    brief: "Run all checks and tests, a real chaos run included",
    fullDescription:
      "Run all checks and tests: check (types, lint, format, dead code), unit, java (mvn verify in spark-app), e2e (real stacks, real kills, damage that must be found), compose (the same on containers; only where Docker answers).\nEnds with one line: N passed, N failed.\n\nExamples:\n  ./faultline test\n  ./faultline test --only unit --only check",
  },
  parameters: {
    flags: {
      only: {
        kind: "parsed",
        parse: buildChoiceParser(SUITES),
        variadic: true,
        optional: true,
        brief: `Only this suite: ${SUITES.join(", ")}`,
        placeholder: "suite",
      },
    },
  },
  async func(flags) {
    const { runSuite } = await import("../test-suites.ts");
    const total = { passed: 0, failed: 0 };
    for (const suite of flags.only ?? SUITES) {
      if (this.signal.aborted) break;
      const began = Date.now();
      this.process.stdout.write(`\n== ${suite}\n`);
      const result = await runSuite(suite, this.root, this.signal);
      this.process.stdout.write(`== ${suite}: ${result.passed} ok, ${result.failed} not, ${Math.round((Date.now() - began) / 1000)} s\n`);
      total.passed += result.passed;
      total.failed += result.failed;
    }
    this.process.stdout.write(`\n${total.passed} passed, ${total.failed} failed\n`);
    this.process.exitCode = this.signal.aborted ? 130 : total.failed > 0 ? 1 : 0;
  },
});
