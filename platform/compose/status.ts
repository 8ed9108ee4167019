import { readFileSync } from "node:fs";
import { join } from "node:path";
import { RUN_FILES, runSchema } from "../../contract/run.ts";
import type { Stack } from "../../contract/stack.ts";
import type { NodeReport, StackReport } from "../local/stack-status.ts";
import { type NodeContainer, nodeContainers } from "./containers.ts";
import { EngineApi } from "./engine-api.ts";
import type { ComposeOptions } from "./node-control.ts";
import { nodeIsReady, readDriverStatus } from "./readiness.ts";

/** Every node of the project with its state now and whether its protocol answers, in the shape that the local runtime reports. No nodes: the project is down. */
export async function composeStatus(options: ComposeOptions): Promise<StackReport> {
  const { project, socketPath, runDirectory, postgres } = options;
  const nodes = await nodeContainers(new EngineApi(socketPath), project);
  const reports = await Promise.all(
    nodes.map(async (node) => toReport(node, await nodeIsReady({ project, runDirectory, postgres, nodes }, node.status.name), runDirectory)),
  );
  return { stack: stackOf(options, nodes), runDirectory, supervisor: undefined, nodes: reports };
}

function toReport({ status, inspect: { State } }: NodeContainer, ready: boolean, runDirectory: string): NodeReport {
  const jobError = status.kind === "driver" ? readDriverStatus(runDirectory)?.error : undefined;
  const unhealthy = State.Health?.Status === "unhealthy" && status.state === "running" ? "its health check fails" : undefined;
  const errors = [State.Error, State.OOMKilled ? "killed for want of memory" : "", unhealthy, jobError];
  return {
    ...status,
    ready,
    supervision: supervisionOf(State),
    lastExit: exitOf(State),
    error: errors.filter((text) => text !== undefined && text !== null && text !== "").join("; ") || null,
  };
}

type State = NodeContainer["inspect"]["State"];

/** The local supervisor's words for Docker's states. A container that ended with 0 has done its work; what was killed or stopped stays down until it is started. */
function supervisionOf({ Status, ExitCode }: State): NodeReport["supervision"] {
  if (Status === "running" || Status === "paused") return "running";
  if (Status === "restarting") return "backoff";
  if (Status === "created") return "waiting";
  if (Status === "dead") return "failed";
  return ExitCode === 0 ? "done" : "down";
}

/** Docker reports a death by signal as a shell does: 128 and the signal's number; it forgets that with the next start. Null: this is its first life. */
function exitOf({ FinishedAt, ExitCode, Running }: State): NodeReport["lastExit"] {
  const at_ms = Date.parse(FinishedAt);
  return at_ms > 0 ? { code: Running ? null : ExitCode, signal: null, at_ms } : null;
}

/** Undefined when there is no run yet: the first start makes it. */
function stackOf({ runDirectory, postgres }: ComposeOptions, nodes: NodeContainer[]): Stack | undefined {
  const addresses = (kind: string, service: string): string[] => nodes.flatMap(({ status }) => (status.kind === kind ? [status.addresses[service] ?? ""] : []));
  const bootstrapServers = addresses("kafka", "client");
  if (bootstrapServers.length === 0) return undefined;
  try {
    const run = runSchema.parse(JSON.parse(readFileSync(join(runDirectory, RUN_FILES.run), "utf8")));
    return {
      version: 1,
      runtime: "compose",
      runDirectory,
      bootstrapServers,
      postgres,
      sparkMaster: `spark://${addresses("spark-master", "spark").join(",")}`,
      trigger: run.trigger,
      createdMs: run.createdMs,
    };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
