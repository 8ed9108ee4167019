import { buildCommand } from "@stricli/core";
import type { RuntimeName } from "../../contract/stack.ts";
import type { CommandContext } from "../context.ts";
import { relayed } from "../relayed.ts";
import { runtimeFlag } from "../shared-flags.ts";

export const status = buildCommand<{ json: boolean; runtime?: RuntimeName }, [], CommandContext>({
  docs: {
    brief: "Every node of the stack, and how to reach it",
    fullDescription:
      'Prints every node of the stack with its state, pid, addresses and log; then the Kafka bootstrap servers, a PostgreSQL URL for psql, and the current run.\n\nExamples:\n  ./faultline status\n  psql "$(./faultline status --json | jq -r .postgres_url)"',
  },
  parameters: {
    flags: { runtime: runtimeFlag, json: { kind: "boolean", default: false, brief: "Print JSON" } },
  },
  async func(flags) {
    const runtime = await this.runtime(flags.runtime);
    if (await relayed(this, runtime)) return;
    const { statusText } = await import("../status-text.ts");
    const report = await runtime.describe();
    const bootstrap_servers = report.stack?.bootstrap_servers.join(",");
    this.process.stdout.write(
      flags.json ? `${JSON.stringify({ ...report, bootstrap_servers })}\n` : statusText(report),
    );
  },
});
