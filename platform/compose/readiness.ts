import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { NodeStatus } from "../../contract/node.ts";
import { type ProducerStatus, RUN_FILES } from "../../contract/run.ts";
import type { PostgresAddress } from "../../contract/stack.ts";
import type { DriverStatus } from "../local/readiness.ts";
import { kafkaIsReady } from "../protocol/kafka-readiness.ts";
import { postgresAnswers } from "../protocol/postgres-client.ts";
import { type MasterPage, masterPage } from "../protocol/spark-master-page.ts";
import { zookeeperServes } from "../protocol/zookeeper-readiness.ts";
import { networkOf, type NodeContainer } from "./containers.ts";

const QUESTION_TIMEOUT_MS = 2_000;
const DRIVER_STATUS = "driver-status.json";

export type ReadinessQuestion = { project: string; runDirectory: string; postgres: PostgresAddress; nodes: NodeContainer[] };

/** Asks one node's own protocol whether it does its work (see NodeControl.ready). Every question is bounded to about 2 s. */
export async function nodeIsReady(question: ReadinessQuestion, name: string, sinceMs?: number): Promise<boolean> {
  const { nodes, runDirectory, postgres, project } = question;
  const node = nodes.find(({ status }) => status.name === name);
  if (node === undefined) return false;
  const { status } = node;
  if (status.kind === "producer") return producerIsReady(runDirectory, status, sinceMs);
  if (status.state !== "running") return false;
  const all = nodes.map((item) => item.status);
  switch (status.kind) {
    case "kafka":
      return kafkaIsReady(all, status);
    case "postgres":
      return postgresAnswers(postgres);
    case "zookeeper":
      return zookeeperServes(status.addresses["client"] ?? "");
    case "spark-master": {
      // A standby does its work by standing by.
      const page = await masterPage(status.addresses["web"] ?? "", QUESTION_TIMEOUT_MS);
      return page?.status === "ALIVE" || page?.status === "STANDBY";
    }
    case "spark-worker": {
      const page = await aliveMaster(all);
      // A worker is known by the host that it was told to advertise, or its address.
      const hosts = new Set([status.name, node.inspect.Config.Hostname, node.inspect.NetworkSettings.Networks[networkOf(project)]?.IPAddress]);
      return page !== undefined && workers(page).some(({ host, state }) => state === "ALIVE" && hosts.has(host));
    }
    case "driver": {
      const job = readDriverStatus(runDirectory);
      if (job?.state !== "running" || job.at_ms <= status.starts) return false;
      const page = await aliveMaster(all);
      // The stream goes on without a master; nobody can say more about it then.
      return page === undefined || page.activeapps.some((app) => app.state === "RUNNING");
    }
    default:
      return status.kind satisfies never;
  }
}

export function readDriverStatus(runDirectory: string): DriverStatus | undefined {
  return readJson(join(runDirectory, DRIVER_STATUS)) as DriverStatus | undefined;
}

/** Something was acknowledged since then, or all is: a producer that is done has nothing left to show. */
function producerIsReady(runDirectory: string, node: NodeStatus, sinceMs = 1): boolean {
  const status = readJson(join(runDirectory, RUN_FILES.producerStatus)) as ProducerStatus | undefined;
  if (status === undefined) return false;
  if (status.state === "done") return true;
  return node.state === "running" && status.at_ms > node.starts && status.last_ack_ms >= sinceMs;
}

/** JsonProtocol.writeWorkerInfo writes `host` beside what MasterPage names. */
function workers(page: MasterPage): { host?: string; state: string }[] {
  return page.workers;
}

/** Of two masters the one that leads. Undefined when none does, or none answers. */
async function aliveMaster(nodes: NodeStatus[]): Promise<MasterPage | undefined> {
  const masters = nodes.filter((node) => node.kind === "spark-master" && node.state === "running");
  const pages = await Promise.all(masters.map(async (node) => masterPage(node.addresses["web"] ?? "", QUESTION_TIMEOUT_MS)));
  return pages.find((page) => page?.status === "ALIVE");
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}
