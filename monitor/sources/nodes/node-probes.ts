import type { NodeKind } from "../../../contract/node.ts";
import type { DriverStatus } from "../../../contract/job.ts";
import type { ProducerStatus } from "../../../contract/run.ts";
import type { SampledNode } from "../../../contract/sample.ts";
import type { PostgresLogin } from "../../../contract/stack.ts";
import { BoundedSource } from "../bounded-source.ts";
import { ControllerWatch, kafkaProbe } from "./kafka-probe.ts";
import type { MonitoredNode } from "./node-list.ts";
import { NOTHING_TO_CLOSE, type Probe, type Shown, UNASKED } from "./probe.ts";
import { postgresProbe, sparkMasterProbe, sparkWorkerProbe, zookeeperProbe } from "./server-probes.ts";
import { driverProbe, statusProbe } from "./status-probes.ts";

/** All nodes are asked at once, within a sample's deadline of 800 ms. */
const TIMEOUT_MS = 700;
const SILENT: Shown = { answers: false, role: null };

export type NodeProbesOptions = {
  nodes: readonly MonitoredNode[];
  /** User and password; the address is the node's. */
  postgres: PostgresLogin;
  /** Each gives null if there is no such file. */
  readDriver: (name: string) => Promise<DriverStatus | null>;
  readProducer: () => Promise<ProducerStatus | null>;
};

type Asked = { node: MonitoredNode; probe: Probe; source: BoundedSource<Shown> };

/** Asks every node of a list by its own protocol. */
export class NodeProbes {
  readonly #asked: Asked[];
  readonly #firstDriver: string | undefined;
  readonly #controller: ControllerWatch;
  readonly #controllerSource: BoundedSource<number | undefined>;

  constructor(options: NodeProbesOptions) {
    const { nodes } = options;
    const brokers = nodes.flatMap(({ kind, address }) => (kind === "kafka" && address !== undefined ? [address] : []));
    this.#controller = new ControllerWatch(brokers, TIMEOUT_MS);
    this.#controllerSource = new BoundedSource("controller", () => this.#controller.ask());
    [this.#firstDriver] = driversOf(nodes);
    this.#asked = nodes.map((node) => {
      const probe = probeOf(node, options);
      return { node, probe, source: new BoundedSource(node.name, () => probe.ask()) };
    });
  }

  /** Takes at most 700 ms. Never throws. */
  async ask(): Promise<SampledNode[]> {
    const controller = this.#controllerSource.sample(TIMEOUT_MS);
    const shown = await Promise.all(
      this.#asked.map(async ({ node: { name, kind }, source }) => ({
        name,
        kind,
        ...((await source.sample(TIMEOUT_MS))?.value ?? SILENT),
      })),
    );
    const id = (await controller)?.value;
    return shown
      .filter((node) => !this.#isMissing(node))
      .map((node) => (isController(node, id) ? { ...node, role: "controller" } : node));
  }

  /** A second driver is started on demand: as long as it has written nothing, the stack has none. */
  #isMissing({ name, kind, answers }: SampledNode): boolean {
    return kind === "driver" && answers === null && name !== this.#firstDriver;
  }

  async close(): Promise<void> {
    await Promise.all([this.#controller.close(), ...this.#asked.map(async ({ probe }) => probe.close())]);
  }
}

/** A broker that does not answer may be named still: with ZooKeeper, until there is another controller. */
function isController({ name, kind, answers }: SampledNode, id: number | undefined): boolean {
  return kind === "kafka" && answers === true && id !== undefined && name.endsWith(`-${id}`);
}

function driversOf(nodes: readonly MonitoredNode[]): string[] {
  return nodes.flatMap(({ name, kind }) => (kind === "driver" ? [name] : []));
}

function probeOf(node: MonitoredNode, { nodes, postgres, readDriver, readProducer }: NodeProbesOptions): Probe {
  if (node.kind === "driver") return driverProbe(node.name, driversOf(nodes), readDriver);
  if (node.kind === "producer") return statusProbe(readProducer);
  // Who writes this down answers.
  if (node.kind === "monitor") return fixedProbe({ answers: true, role: null });
  const { address } = node;
  if (address === undefined) return fixedProbe(UNASKED);
  return PROBES[node.kind](address, postgres);
}

const PROBES: Record<
  Exclude<NodeKind, "driver" | "producer" | "monitor">,
  (address: string, postgres: PostgresLogin) => Probe
> = {
  kafka: (address) => kafkaProbe(address, TIMEOUT_MS),
  zookeeper: (address) => zookeeperProbe(address, TIMEOUT_MS),
  postgres: postgresProbe,
  "spark-master": (address) => sparkMasterProbe(address, TIMEOUT_MS),
  "spark-worker": (address) => sparkWorkerProbe(address, TIMEOUT_MS),
};

function fixedProbe(shown: Shown): Probe {
  return { ask: () => Promise.resolve(shown), ...NOTHING_TO_CLOSE };
}
