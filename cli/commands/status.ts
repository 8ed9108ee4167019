import { buildCommand } from "@stricli/core";
import type { CommandContext } from "../context.ts";
import { type Runtime, RUNTIMES } from "../runtime-choice.ts";

export const status = buildCommand<{ json: boolean; runtime?: Runtime }, [], CommandContext>({
  docs: {
    brief: "Every node of the stack, and how to reach it",
    fullDescription:
      'Every node of the stack with state, pid, addresses and log; Kafka\'s bootstrap servers, a PostgreSQL URL for psql, the current run.\n\nExamples:\n  ./faultline status\n  psql "$(./faultline status --json | jq -r .postgres_url)"',
  },
  parameters: {
    flags: {
      runtime: { kind: "enum", values: RUNTIMES, optional: true, brief: "Which stack [default = the one that is up]" },
      json: { kind: "boolean", default: false, brief: "As JSON" },
    },
  },
  async func(flags) {
    const [{ stackReport }, { statusText, postgresUrl }] = await Promise.all([import("../stack-runtime.ts"), import("../status-text.ts")]);
    const report = await stackReport(this);
    const { stack } = report;
    const links = stack === undefined ? {} : { bootstrap_servers: stack.bootstrapServers.join(","), postgres_url: postgresUrl(stack) };
    this.process.stdout.write(flags.json ? `${JSON.stringify({ ...report, ...links })}\n` : statusText(report));
  },
});
