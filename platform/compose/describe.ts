import { basename } from "node:path";
import type { NodeStatus } from "../../contract/node.ts";
import type { Stack } from "../../contract/stack.ts";
import { healthReport } from "../protocol/health-file.ts";
import { driverRole, leadingStatus, readDriverStatus } from "../protocol/driver-readiness.ts";
import { nodeIsReady, type ReadinessQuestion } from "../protocol/node-readiness.ts";
import { serverRole } from "../protocol/postgres-servers.ts";
import type { NodeReport, StackReport, Supervision } from "../runtime.ts";
import { type NodeContainer, nodeContainers } from "./engine/containers.ts";
import { EngineApi } from "./engine/engine-api.ts";
import { readinessQuestion } from "./inventory.ts";
import type { ComposeOptions } from "./node-control.ts";

/**
 * Every node of the project with its state now, and whether its protocol answers. No nodes: the project is down.
 * @param stack undefined: the stack has no run yet, because the first start makes it.
 */
export async function describeStack(options: ComposeOptions, stack: Stack | undefined): Promise<StackReport> {
  const nodes = await nodeContainers(new EngineApi(options.socketPath), options.project);
  const question = readinessQuestion(options, nodes);
  const reports = await Promise.all(nodes.map(async (node) => toReport(node, question)));
  const up = nodes.some(({ status }) => status.kind === "kafka") ? stack : undefined;
  return {
    stack: up,
    run_directory: options.runDirectory,
    supervisor: undefined,
    reach: reach(options, up, reports),
    nodes: reports,
    ...healthReport(question.healthFile, leadingStatus(question)),
  };
}

function reach({ runDirectory }: ComposeOptions, stack: Stack | undefined, nodes: NodeReport[]): StackReport["reach"] {
  if (stack === undefined) return {};
  const hosts = nodes.flatMap(({ kind, addresses }) =>
    kind === "kafka" ? [addresses["host"] ?? "not published"] : [],
  );
  const { user, database } = stack.postgres;
  return {
    kafka: `${hosts.join(",")} from here, ${stack.bootstrap_servers.join(",")} in the stack's network`,
    postgres: `docker compose exec postgres psql -U ${user} -d ${database}`,
    trigger: stack.trigger,
    run: `${basename(runDirectory)}   (in the volume runs)`,
  };
}

async function toReport({ status, inspect }: NodeContainer, question: ReadinessQuestion): Promise<NodeReport> {
  const { State } = inspect;
  const isDriver = status.kind === "driver";
  const job = isDriver ? readDriverStatus(question.driverStatusFile(status.name)) : undefined;
  const role = await roleOf(question, status);
  // The driver's container stays up after an exit code that no new start can cure: see its entrypoint.
  const isFatal = job?.state === "failed" && status.state !== "down" && question.isOfThisLife(status, job);
  const unhealthy =
    State.Health?.Status === "unhealthy" && status.state === "running" ? "its health check fails" : undefined;
  const errors = [State.Error, State.OOMKilled ? "out of memory (OOM-killed)" : "", unhealthy, job?.error];
  const supervision = isFatal ? "failed" : supervisionOf(State);
  return {
    ...status,
    ...(role !== undefined && { role }),
    ready: await nodeIsReady(question, status.name),
    // Docker does not tell who stopped a container. A killed one is missed; `docker compose stop` of a node ends it with 143, 137 or 0.
    should_run: supervision !== "done",
    supervision,
    last_exit: exitOf(State),
    error: errors.filter((text) => text !== undefined && text !== null && text !== "").join("; ") || null,
  };
}

/** What a node is beside others of its kind: see NodeReport. */
async function roleOf(question: ReadinessQuestion, node: NodeStatus): Promise<string | undefined> {
  if (node.kind === "driver") return driverRole(question, node);
  const isOneOfSeveral = node.kind === "postgres" && question.postgres.standbys !== undefined;
  return isOneOfSeveral ? serverRole(question.postgres, node) : undefined;
}

type State = NodeContainer["inspect"]["State"];

/**
 * The supervisor's words for Docker's states. A container that ended with 0 has done its work. A container that was killed or
 * stopped stays down until somebody starts it.
 */
function supervisionOf({ Status, ExitCode }: State): Supervision {
  if (Status === "running" || Status === "paused") return "running";
  if (Status === "restarting") return "backoff";
  if (Status === "created") return "waiting";
  if (Status === "dead") return "failed";
  return ExitCode === 0 ? "done" : "down";
}

/** Docker reports a death by signal as a shell does: 128 and the signal's number; it forgets that with the next start. Null: this is its first life. */
function exitOf({ FinishedAt, ExitCode, Running }: State): NodeReport["last_exit"] {
  const at_ms = Date.parse(FinishedAt);
  return at_ms > 0 ? { code: Running ? null : ExitCode, signal: null, at_ms } : null;
}
