import { buildCommand } from "@stricli/core";
import type { RuntimeName } from "../../contract/stack.ts";
import type { StackReport } from "../../platform/runtime.ts";
import type { CommandContext } from "../context.ts";
import { relayed } from "../relayed.ts";
import { runtimeFlag } from "../shared-flags.ts";

export const status = buildCommand<{ json: boolean; runtime?: RuntimeName }, [], CommandContext>({
  docs: {
    brief: "Every node and every partition of the stack, and whether all is well",
    fullDescription:
      'Prints every node of the stack with its state, pid, addresses and log. Then, for each partition, whether its events are stored, how old the oldest event is that is not, and why a partition is stuck. Then the Kafka bootstrap servers, a PostgreSQL URL for psql, the current run, and where the monitor serves its page and its metrics.\n\nExit codes:\n  0   well: every node that should run is ready, and every partition is flowing or idle\n  1   not well: a node that should run is not ready, or a partition is stuck\n  2   unknown: the monitor does not say how the partitions are, or Kafka or PostgreSQL does not answer\n  69  no stack\n\nExamples:\n  ./faultline status\n  psql "$(./faultline status --json | jq -r .postgres_url)"\n  curl "$(./faultline status --json | jq -r .metrics_url)"\n  ./faultline status --json | jq \'.health.partitions[] | select(.state == "stuck")\'',
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
    const { page_url, metrics_url } = await pageUrls(report);
    const reach = { ...report.reach, ...(page_url !== undefined && { page: page_url, metrics: metrics_url }) };
    this.process.stdout.write(
      flags.json
        ? `${JSON.stringify({ ...report, bootstrap_servers, page_url, metrics_url, ...outcome })}\n`
        : statusText({ ...report, reach }),
    );
    this.process.exitCode = STATUS_EXIT_CODES[outcome.outcome];
  },
});

/** Where the monitor serves the page (with its token) and the metrics (open to this machine); none while it does not. */
async function pageUrls({ stack, run_directory }: StackReport): Promise<{ page_url?: string; metrics_url?: string }> {
  if (stack === undefined || run_directory === undefined) return {};
  const { readPageFile } = await import("../../monitor/http/page-file.ts");
  const page_url = (await readPageFile(run_directory))?.url ?? undefined;
  return page_url === undefined ? {} : { page_url, metrics_url: new URL("/metrics", page_url).href };
}
