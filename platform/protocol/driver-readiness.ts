import { DRIVER_FRESH_MS, type DriverStatus, driverStatusSchema, leadingDriver } from "../../contract/job.ts";
import type { NodeStatus } from "../../contract/node.ts";
import { readHealth } from "./health-file.ts";
import type { ReadinessQuestion } from "./node-readiness.ts";
import { leadingMaster } from "./spark-pages.ts";
import { readStatus } from "./status-file.ts";

/**
 * The driver stands by; or its query runs, and no partition is stuck. If health.json is missing or stale, nobody knows whether a partition is stuck:
 * the driver's own word alone counts then.
 */
export async function driverIsReady(question: ReadinessQuestion, node: NodeStatus, sinceMs?: number): Promise<boolean> {
  // It can't do anything about a partition that is stuck.
  if (standsBy(question, node, sinceMs)) return true;
  const now = readHealth(question.healthFile);
  if ("health" in now && now.health.partitions.some(({ state }) => state === "stuck")) return false;
  return queryRuns(question, node, sinceMs);
}

/**
 * The driver's query runs, by what this life of it wrote lately (and since then), whatever becomes of its partitions. `up` waits for this: it must
 * end if a partition is stuck, because a person needs the stack's commands to find out why.
 */
export async function queryRuns(question: ReadinessQuestion, node: NodeStatus, sinceMs?: number): Promise<boolean> {
  if (saysNow(question, node, sinceMs)?.state !== "running") return false;
  const page = await leadingMaster(question.nodes);
  // The stream goes on without a master; nobody can say more about it then.
  return page === undefined || page.activeapps.some(({ state }) => state === "RUNNING");
}

/** The driver is warm and waits for the right to write, by what this life of it wrote lately (and since then). */
export function standsBy(question: ReadinessQuestion, node: NodeStatus, sinceMs?: number): boolean {
  return saysNow(question, node, sinceMs)?.state === "standby";
}

/** The driver that has the right to write: of those that live and say that they run, the one that claimed last. */
export function activeDriver(question: ReadinessQuestion): NodeStatus | undefined {
  const drivers = question.nodes.filter(({ kind, state }) => kind === "driver" && state === "running");
  const said = drivers.flatMap((node) => {
    const status = saysNow(question, node);
    return status === undefined ? [] : [{ ...status, node }];
  });
  const leading = leadingDriver(said);
  return leading?.state === "running" ? leading.node : undefined;
}

/** What a driver is beside another one. Undefined: it is alone, or neither of the two now. */
export function driverRole(question: ReadinessQuestion, node: NodeStatus): "active" | "standby" | undefined {
  if (question.nodes.filter(({ kind }) => kind === "driver").length < 2) return undefined;
  if (activeDriver(question)?.name === node.name) return "active";
  return node.state === "running" && standsBy(question, node) ? "standby" : undefined;
}

/** The file whose word about partitions counts: see leadingDriver. Undefined: no driver has written one. */
export function leadingStatus(
  question: Pick<ReadinessQuestion, "nodes" | "driverStatusFile">,
): DriverStatus | undefined {
  const drivers = question.nodes.filter(({ kind }) => kind === "driver");
  return leadingDriver(drivers.flatMap(({ name }) => readDriverStatus(question.driverStatusFile(name)) ?? []));
}

export function readDriverStatus(file: string): DriverStatus | undefined {
  return readStatus(driverStatusSchema, file);
}

function saysNow(question: ReadinessQuestion, node: NodeStatus, sinceMs = 0): DriverStatus | undefined {
  const status = readDriverStatus(question.driverStatusFile(node.name));
  if (status === undefined || !question.isOfThisLife(node, status)) return undefined;
  return status.at_ms < Math.max(sinceMs, Date.now() - DRIVER_FRESH_MS) ? undefined : status;
}
