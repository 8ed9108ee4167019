import { readFileSync, statSync } from "node:fs";
import type { z } from "zod";
import { type DriverStatus, driverStatusSchema } from "../../contract/job.ts";
import type { NodeStatus } from "../../contract/node.ts";
import { type ProducerStatus, producerStatusSchema } from "../../contract/run.ts";
import type { PostgresAddress } from "../../contract/stack.ts";
import { kafkaIsReady } from "./kafka-readiness.ts";
import { postgresAnswers } from "./postgres-client.ts";
import { type MasterPage, masterPage } from "./spark-master-page.ts";
import { zookeeperServes } from "./zookeeper-readiness.ts";

/** A monitor that wrote no sample for so long hangs. */
const SAMPLE_FRESH_MS = 5_000;

/** A stack as its nodes' protocols see it; what only a runtime can tell, it tells here. */
export type ReadinessQuestion = {
  nodes: NodeStatus[];
  postgres: PostgresAddress;
  producerStatusFile: string;
  driverStatusFile: string;
  samplesFile: string;
  /** Whether this worker of the master's page is the node. */
  isWorker(node: NodeStatus, worker: MasterPage["workers"][number]): boolean;
  /** Whether the life that the node has now wrote this status file. */
  isOfThisLife(node: NodeStatus, status: { pid: number; at_ms: number }): boolean;
};

/** Asks one node's own protocol whether it does its work (see Inventory.ready). Every question is bounded to about 2 s. */
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
    case "spark-worker": {
      const page = await aliveMaster(nodes);
      return page?.workers.some((worker) => worker.state === "ALIVE" && question.isWorker(node, worker)) === true;
    }
    case "driver":
      return driverIsReady(question, node);
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

/** Something was acknowledged since then, or all is: a producer that is done has nothing left to show. */
function producerIsReady(question: ReadinessQuestion, node: NodeStatus, sinceMs = 1): boolean {
  const status = readProducerStatus(question.producerStatusFile);
  if (status === undefined) return false;
  if (status.state === "done") return true;
  return node.state === "running" && question.isOfThisLife(node, status) && status.last_ack_ms >= sinceMs;
}

/** A standby does its work by standing by. A master that is alone can do nothing without a worker, and they come back later. */
async function masterIsReady(nodes: NodeStatus[], node: NodeStatus): Promise<boolean> {
  const page = await masterPage(node.addresses["web"] ?? "");
  const isAlone = nodes.every(({ name, kind }) => kind !== "spark-master" || name === node.name);
  const anyWorker = nodes.some(({ kind, state }) => kind === "spark-worker" && state === "running");
  if (page?.status === "STANDBY") return true;
  return page?.status === "ALIVE" && (!isAlone || !anyWorker || page.workers.some(({ state }) => state === "ALIVE"));
}

async function driverIsReady(question: ReadinessQuestion, node: NodeStatus): Promise<boolean> {
  const status = readDriverStatus(question.driverStatusFile);
  if (status?.state !== "running" || !question.isOfThisLife(node, status)) return false;
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
