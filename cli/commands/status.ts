import { buildCommand } from "@stricli/core";
import type { CommandContext } from "../context.ts";

export const status = buildCommand<{ json: boolean }, [], CommandContext>({
  docs: {
    brief: "Every node of the stack, and how to reach it",
    fullDescription:
      'Every node of the stack with state, pid, addresses and log; Kafka\'s bootstrap servers, a PostgreSQL URL for psql, the current run.\n\nExamples:\n  ./faultline status\n  psql "$(./faultline status --json | jq -r .postgres_url)"',
  },
  parameters: { flags: { json: { kind: "boolean", default: false, brief: "As JSON" } } },
  async func(flags) {
    const [{ status: stackStatus }, { statusText, postgresUrl }] = await Promise.all([import("../../platform/local/stack.ts"), import("../status-text.ts")]);
    const report = await stackStatus(this.stateDir);
    const { stack } = report;
    const links = stack === undefined ? {} : { bootstrap_servers: stack.bootstrapServers.join(","), postgres_url: postgresUrl(stack) };
    this.process.stdout.write(flags.json ? `${JSON.stringify({ ...report, ...links })}\n` : statusText(report));
  },
});
