import { buildCommand } from "@stricli/core";
import type { CommandContext } from "../context.ts";

export const doctor = buildCommand<{ json: boolean }, [], CommandContext>({
  docs: {
    brief: "List the tools and resources that this machine has and lacks",
    fullDescription:
      "Lists the tools and resources (cores, memory, disk) that this machine has and lacks. If a tool or resource is missing, the exit code is 69.\n\nExamples:\n  ./faultline doctor\n  ./faultline doctor --json",
  },
  parameters: { flags: { json: { kind: "boolean", brief: "Print the findings as JSON", default: false } } },
  async func(flags) {
    const { machineFindings } = await import("../machine-findings.ts");
    const findings = await machineFindings(this.root);
    const lines = findings.map(({ name, ok, found, needed }) =>
      ok ? `ok       ${name.padEnd(7)} ${found}\n` : `MISSING  ${name.padEnd(7)} ${found}; needed: ${needed}\n`,
    );
    this.process.stdout.write(flags.json ? `${JSON.stringify(findings)}\n` : lines.join(""));
    if (findings.some(({ ok }) => !ok)) this.process.exitCode = 69;
  },
});
