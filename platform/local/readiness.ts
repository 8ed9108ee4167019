import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { NodeStatus } from "../../contract/node.ts";
import { type ProducerStatus, RUN_FILES } from "../../contract/run.ts";
import { kafkaIsReady } from "../protocol/kafka-readiness.ts";
import { LAYOUT } from "./layout.ts";
import { postgresAddress } from "./postgres.ts";
import { postgresAnswers } from "../protocol/postgres-client.ts";
import type { Settings } from "./settings.ts";
import { masterPage, workerIsAlive } from "../protocol/spark-master-page.ts";
import { zookeeperServes } from "../protocol/zookeeper-readiness.ts";

/** `--status-file` of the job. */
export type DriverStatus = {
  state: "starting" | "running" | "restarting" | "failed" | "stopped";
  generation: number;
  trigger: string;
  pid: number;
  at_ms: number;
  error?: string | null;
};

export function readDriverStatus(stateDirectory: string): DriverStatus | undefined {
  return readJson(join(stateDirectory, LAYOUT.driverStatus)) as DriverStatus | undefined;
}

export function readProducerStatus(runDirectory: string): ProducerStatus | undefined {
  return readJson(join(runDirectory, RUN_FILES.producerStatus)) as ProducerStatus | undefined;
}

/** Asks one node's own protocol whether it does its work (see NodeControl.ready). Every question is bounded to about 2 s. */
export async function nodeIsReady(stateDirectory: string, settings: Settings, nodes: NodeStatus[], name: string, sinceMs?: number): Promise<boolean> {
  const node = nodes.find((item) => item.name === name);
  if (node === undefined) return false;
  if (node.kind === "producer") return producerIsReady(settings.runDirectory, node, sinceMs);
  if (node.state !== "running") return false;
  const web = `127.0.0.1:${settings.ports["spark-master-web"]}`;
  switch (node.kind) {
    case "kafka":
      return kafkaIsReady(nodes, node);
    case "zookeeper":
      return zookeeperServes(node.addresses["client"] ?? "");
    case "postgres":
      return postgresAnswers(postgresAddress(settings, stateDirectory));
    case "spark-master": {
      const page = await masterPage(web);
      // A master without its workers can do nothing: after its return they come back within 15 s.
      const anyWorker = nodes.some((item) => item.kind === "spark-worker" && item.state === "running");
      return page?.status === "ALIVE" && (!anyWorker || page.workers.some((worker) => worker.state === "ALIVE"));
    }
    case "spark-worker": {
      const page = await masterPage(web);
      return page !== undefined && workerIsAlive(page, Number(node.addresses["spark"]?.split(":")[1]));
    }
    case "driver": {
      const status = readDriverStatus(stateDirectory);
      if (status?.state !== "running" || status.pid !== node.process?.pid) return false;
      const page = await masterPage(web);
      return page === undefined || page.status !== "ALIVE" || page.activeapps.some((app) => app.state === "RUNNING");
    }
    default:
      return node.kind satisfies never;
  }
}

/** Something was acknowledged since then, or all is: a producer that is done has nothing left to show. */
function producerIsReady(runDirectory: string, node: NodeStatus, sinceMs = 1): boolean {
  const status = readProducerStatus(runDirectory);
  if (status === undefined) return false;
  if (status.state === "done") return true;
  return node.state === "running" && status.pid === node.process?.pid && status.last_ack_ms >= sinceMs;
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}
