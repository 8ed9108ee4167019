import { statSync } from "node:fs";
import type { NodeStatus } from "../../contract/node.ts";
import { type ProducerStatus, producerStatusSchema } from "../../contract/run.ts";
import type { PostgresAddress } from "../../contract/stack.ts";
import { kafkaIsReady } from "./kafka-readiness.ts";
import { serverAnswers } from "./postgres-servers.ts";
import { driverIsReady } from "./driver-readiness.ts";
import { leadingMaster, masterPage, workerPage } from "./spark-pages.ts";
import { readStatus } from "./status-file.ts";
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
  /** The file of the driver of this name. */
  driverStatusFile(driver: string): string;
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
      return serverAnswers(question, node);
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
  const [own, master] = await Promise.all([workerPage(node.addresses["web"] ?? ""), leadingMaster(nodes)]);
  return own !== undefined && master?.workers.some(({ id, state }) => id === own.id && state === "ALIVE") === true;
}

/** A sample was written lately, and since then. There is one each second, also if no source answers. */
function monitorIsReady(samplesFile: string, sinceMs = 0): boolean {
  const file = statSync(samplesFile, { throwIfNoEntry: false });
  return file !== undefined && file.size > 0 && file.mtimeMs >= Math.max(sinceMs, Date.now() - SAMPLE_FRESH_MS);
}
