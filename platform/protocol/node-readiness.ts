import { readFileSync, statSync } from "node:fs";
import type { z } from "zod";
import { DRIVER_FRESH_MS, type DriverStatus, driverStatusSchema } from "../../contract/job.ts";
import type { NodeStatus } from "../../contract/node.ts";
import { type ProducerStatus, producerStatusSchema } from "../../contract/run.ts";
import type { PostgresAddress } from "../../contract/stack.ts";
import { readHealth } from "./health-file.ts";
import { kafkaIsReady } from "./kafka-readiness.ts";
import { postgresAnswers } from "./postgres-client.ts";
import { type MasterPage, masterPage, workerPage } from "./spark-pages.ts";
import { zookeeperServes } from "./zookeeper-readiness.ts";

/** A monitor that wrote no sample for so long hangs. */
const SAMPLE_FRESH_MS = 5_000;
/** A producer that got no acknowledgement for so long does not do its work; its health check in containers has the same bound. */
const ACK_FRESH_MS = 15_000;

/** A stack as its nodes' protocols see it; what only a runtime can tell, it tells here. */
export type ReadinessQuestion = {
  nodes: NodeStatus[];
  postgres: PostgresAddress;
  producerStatusFile: string;
  driverStatusFile: string;
  samplesFile: string;
  healthFile: string;
  /** Whether the life that the node has now wrote this status file. */
  isOfThisLife(node: NodeStatus, status: { pid: number; at_ms: number }): boolean;
};

/**
 * Asks one node's own protocol whether it does its work (see Inventory.ready). Every question is bounded to about 2 s.
 * @param sinceMs ms since 1970: a file that was written before says nothing. Whatever is not read from a file is asked now.
 */
export async function nodeIsReady(question: ReadinessQuestion, name: string, sinceMs?: number): Promise<boolean> {
  const { nodes } = question;
  const node = nodes.find((item) => item.name === name);
  if (node === undefined) return false;
  if (node.kind === "producer") return producerIsReady(question, node, sinceMs);
  if (node.state !== "running") return false;
  switch (node.kind) {
    case "kafka":
      return kafkaIsReady(nodes, node);
    case "zookeeper":
      return zookeeperServes(node.addresses["client"] ?? "");
    case "postgres":
      return postgresAnswers(question.postgres);
    case "spark-master":
      return masterIsReady(nodes, node);
    case "spark-worker":
      return workerIsReady(nodes, node);
    case "driver":
      return driverIsReady(question, node, sinceMs);
    case "monitor":
      return monitorIsReady(question.samplesFile, sinceMs);
    default:
      return node.kind satisfies never;
  }
}

export function readDriverStatus(file: string): DriverStatus | undefined {
  return readStatus(driverStatusSchema, file);
}

export function readProducerStatus(file: string): ProducerStatus | undefined {
  return readStatus(producerStatusSchema, file);
}

/**
 * Something was acknowledged since then, or all is: a producer that is done has nothing left to show. Without a time: lately, or it has reason to
 * be silent and says so lately.
 */
function producerIsReady(question: ReadinessQuestion, node: NodeStatus, sinceMs?: number): boolean {
  const status = readProducerStatus(question.producerStatusFile);
  if (status === undefined) return false;
  if (status.state === "done") return true;
  if (node.state !== "running" || !question.isOfThisLife(node, status)) return false;
  if (sinceMs !== undefined) return status.last_ack_ms >= sinceMs;
  const isSilent = status.state === "quiesced" || status.state === "draining";
  return (isSilent ? status.at_ms : status.last_ack_ms) >= Date.now() - ACK_FRESH_MS;
}

/** A standby does its work by standing by. A master that is alone can do nothing without a worker, and they come back later. */
async function masterIsReady(nodes: NodeStatus[], node: NodeStatus): Promise<boolean> {
  const page = await masterPage(node.addresses["web"] ?? "");
  const isAlone = nodes.every(({ name, kind }) => kind !== "spark-master" || name === node.name);
  const anyWorker = nodes.some(({ kind, state }) => kind === "spark-worker" && state === "running");
  if (page?.status === "STANDBY") return true;
  return page?.status === "ALIVE" && (!isAlone || !anyWorker || page.workers.some(({ state }) => state === "ALIVE"));
}

/**
 * The worker answers, and the leading master has this life of it as alive. Both are asked now. The master's list alone would not do: a worker
 * that is paused or cut off stays in it until the master misses its heartbeats. (The master's time of the last heartbeat would do, but there is
 * one every 3 s only.)
 */
async function workerIsReady(nodes: NodeStatus[], node: NodeStatus): Promise<boolean> {
  const [own, master] = await Promise.all([workerPage(node.addresses["web"] ?? ""), aliveMaster(nodes)]);
  return own !== undefined && master?.workers.some(({ id, state }) => id === own.id && state === "ALIVE") === true;
}

/**
 * Its query runs, and no partition is stuck. If health.json is missing or stale, nobody knows whether a partition is stuck: the driver's own word
 * alone counts then.
 */
async function driverIsReady(question: ReadinessQuestion, node: NodeStatus, sinceMs?: number): Promise<boolean> {
  const now = readHealth(question.healthFile);
  if ("health" in now && now.health.partitions.some(({ state }) => state === "stuck")) return false;
  return queryRuns(question, node, sinceMs);
}

/**
 * The driver's query runs, by what this life of it wrote lately (and since then), whatever becomes of its partitions. `up` waits for this: it must
 * end if a partition is stuck, because a person needs the stack's commands to find out why.
 */
export async function queryRuns(question: ReadinessQuestion, node: NodeStatus, sinceMs = 0): Promise<boolean> {
  const status = readDriverStatus(question.driverStatusFile);
  if (status?.state !== "running" || !question.isOfThisLife(node, status)) return false;
  if (status.at_ms < Math.max(sinceMs, Date.now() - DRIVER_FRESH_MS)) return false;
  const page = await aliveMaster(question.nodes);
  // The stream goes on without a master; nobody can say more about it then.
  return page === undefined || page.activeapps.some(({ state }) => state === "RUNNING");
}

/** Of several masters the one that leads. Undefined when none does, or none answers. */
async function aliveMaster(nodes: NodeStatus[]): Promise<MasterPage | undefined> {
  const masters = nodes.filter(({ kind, state }) => kind === "spark-master" && state === "running");
  const pages = await Promise.all(masters.map(async ({ addresses }) => masterPage(addresses["web"] ?? "")));
  return pages.find((page) => page?.status === "ALIVE");
}

/** A sample was written lately, and since then. There is one each second, also if no source answers. */
function monitorIsReady(samplesFile: string, sinceMs = 0): boolean {
  const file = statSync(samplesFile, { throwIfNoEntry: false });
  return file !== undefined && file.size > 0 && file.mtimeMs >= Math.max(sinceMs, Date.now() - SAMPLE_FRESH_MS);
}

/** Undefined: there is no such file yet, or none that this build can read. */
function readStatus<T>(schema: z.ZodType<T>, file: string): T | undefined {
  try {
    return schema.safeParse(JSON.parse(readFileSync(file, "utf8"))).data;
  } catch {
    return undefined;
  }
}
