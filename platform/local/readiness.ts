import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { NodeStatus } from "../../contract/node.ts";
import { type ProducerStatus, RUN_FILES } from "../../contract/run.ts";
import { type ClusterView, clusterView } from "./kafka-cluster.ts";
import { LAYOUT } from "./layout.ts";
import { postgresAddress } from "./postgres.ts";
import { postgresAnswers } from "./postgres-client.ts";
import type { Settings } from "./settings.ts";
import { masterPage, workerIsAlive } from "./spark-master-page.ts";

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

async function viewOf(node: NodeStatus): Promise<ClusterView | undefined> {
  return clusterView(node.addresses["client"] ?? "").catch(() => undefined);
}

/** The broker is known to, and in every ISR it belongs to as seen by, itself and every other broker that answers; one other must. */
async function kafkaIsReady(nodes: NodeStatus[], node: NodeStatus): Promise<boolean> {
  const others = nodes.filter((item) => item.kind === "kafka" && item.state === "running" && item.name !== node.name);
  const [own, ...rest] = await Promise.all([node, ...others].map(viewOf));
  const answered = rest.filter((item) => item !== undefined);
  const id = Number(node.name.split("-").at(-1));
  return own !== undefined && answered.length > 0 && [own, ...answered].every((item) => isInEveryIsr(item, id));
}

export function isInEveryIsr(view: ClusterView, id: number): boolean {
  return view.brokers.includes(id) && view.partitions.every((item) => !item.replicas.includes(id) || item.isr.includes(id));
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
