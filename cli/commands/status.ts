import { buildCommand } from "@stricli/core";
import type { RuntimeName } from "../../contract/stack.ts";
import type { CommandContext } from "../context.ts";
import { relayed } from "../relayed.ts";
import { runtimeFlag } from "../shared-flags.ts";

export const status = buildCommand<{ json: boolean; runtime?: RuntimeName }, [], CommandContext>({
  docs: {
    brief: "Every node and every partition of the stack, and whether all is well",
    fullDescription:
      'Prints every node of the stack with its state, pid, addresses and log. Then, for each partition, whether its events are stored, how old the oldest event is that is not, and why a partition is stuck. Then the Kafka bootstrap servers, a PostgreSQL URL for psql, and the current run.\n\nExit codes:\n  0   well: every node that should run is ready, and every partition is flowing or idle\n  1   not well: a node that should run is not ready, or a partition is stuck\n  2   unknown: the monitor does not say how the partitions are, or Kafka or PostgreSQL does not answer\n  69  no stack\n\nExamples:\n  ./faultline status\n  psql "$(./faultline status --json | jq -r .postgres_url)"\n  ./faultline status --json | jq \'.health.partitions[] | select(.state == "stuck")\'',
  },
  parameters: {
    flags: { runtime: runtimeFlag, json: { kind: "boolean", default: false, brief: "Print JSON" } },
  },
  async func(flags) {
    const runtime = await this.runtime(flags.runtime);
    if (await relayed(this, runtime)) return;
    const [{ statusText }, { STATUS_EXIT_CODES, statusOutcome }] = await Promise.all([
      import("../status-text.ts"),
      import("../status-outcome.ts"),
    ]);
    const report = await runtime.describe();
    const outcome = statusOutcome(report);
    const bootstrap_servers = report.stack?.bootstrap_servers.join(",");
    this.process.stdout.write(
      flags.json ? `${JSON.stringify({ ...report, bootstrap_servers, ...outcome })}\n` : statusText(report),
    );
    this.process.exitCode = STATUS_EXIT_CODES[outcome.outcome];
  },
});
