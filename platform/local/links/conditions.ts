import { FaultlineError } from "../../../contract/errors.ts";
import type { Condition, ConditionKind, Conditions, Imposed, NodeStatus } from "../../../contract/node.ts";
import { waitUntil } from "../../../machine/clock.ts";
import { isAlive } from "../../../machine/process-identity.ts";
import { type Question, roundTripMs } from "../../protocol/round-trip.ts";
import type { LocalInventory } from "../nodes/inventory.ts";
import { isLinkable } from "../state/node-ports.ts";
import { NodeFiles } from "../supervisor/node-files.ts";
import { type DelayCondition, LinkConditions } from "./delay-files.ts";
import { prepareLink } from "./link-prepare.ts";
import { linkName } from "./links.ts";
import { whyUnavailable } from "./unavailable.ts";

/** The link's process looks 20 times a second; this is for a machine that is busy. */
const TAKEN_TIMEOUT_MS = 5_000;

/** The conditions of a local stack: delays, on the links before Kafka nodes and PostgreSQL. */
export class LocalConditions implements Conditions {
  readonly #stateDirectory: string;
  readonly #inventory: LocalInventory;

  constructor(stateDirectory: string, inventory: LocalInventory) {
    this.#stateDirectory = stateDirectory;
    this.#inventory = inventory;
  }

  async unavailable(name: string, kind: ConditionKind): Promise<string | undefined> {
    return whyUnavailable(this.#inventory.statusOf(name), kind);
  }

  async prepare(name: string, kind: ConditionKind): Promise<void> {
    const node = this.#inventory.statusOf(name);
    const why = whyUnavailable(node, kind);
    if (why !== undefined || !isLinkable(node.kind))
      throw new FaultlineError("FL_FAULT_UNAVAILABLE", why ?? `${name} can have no link`);
    await prepareLink(this.#stateDirectory, name, node.kind, async () => this.#inventory.ready(name));
  }

  /** Waits until the link's process has taken note. @throws FaultlineError FL_FAULT_UNAVAILABLE, FL_NOT_READY */
  async impose(name: string, tag: string, condition: Condition, leaseMs: number): Promise<void> {
    const why = whyUnavailable(this.#inventory.statusOf(name), condition.kind);
    if (why !== undefined || condition.kind !== "delay")
      throw new FaultlineError("FL_FAULT_UNAVAILABLE", why ?? `${name}: ${condition.kind} is not known`);
    if (new NodeFiles(this.#stateDirectory).readDesired(linkName(name))?.want !== "up")
      throw new FaultlineError("FL_FAULT_UNAVAILABLE", `${name} has no link to delay`, {
        remedy: `prepare("${name}", "delay") puts it there`,
      });
    const conditions = new LinkConditions(this.#stateDirectory, name);
    conditions.sweep();
    const { delay_ms, jitter_ms } = condition;
    const wanted: DelayCondition = { tag, delay_ms, jitter_ms, until_ms: Date.now() + leaseMs };
    conditions.write(wanted);
    const isTaken = (): boolean => this.#takenBy(name)?.find((item) => item.tag === tag)?.until_ms === wanted.until_ms;
    if (await waitUntil(Math.min(TAKEN_TIMEOUT_MS, leaseMs), isTaken, { everyMs: 20 })) return;
    throw notTaken(name, "of the delay");
  }

  /** Waits until the link's process, if it lives, has taken note. @throws FaultlineError FL_NOT_READY when it does not */
  async lift(name: string, tag: string): Promise<void> {
    new LinkConditions(this.#stateDirectory, name).remove(tag);
    const isOff = (): boolean => this.#takenBy(name)?.some((item) => item.tag === tag) !== true;
    if (await waitUntil(TAKEN_TIMEOUT_MS, isOff, { everyMs: 20 })) return;
    throw notTaken(name, `that ${tag} is over`);
  }

  async list(): Promise<Imposed[]> {
    const nodes = await this.#inventory.nodes();
    return nodes
      .filter(({ kind }) => isLinkable(kind))
      .flatMap(({ name }) =>
        new LinkConditions(this.#stateDirectory, name)
          .all()
          .map(({ tag }): Imposed => ({ node: name, tag, kind: "delay" })),
      );
  }

  /** No processors and no memory are ever taken here. */
  async measure(name: string, kind: ConditionKind): Promise<number | null> {
    const asked = questionOf(this.#inventory.statusOf(name));
    if (kind === "cpu" || kind === "memory") return 0;
    return asked === undefined ? null : roundTripMs(...asked);
  }

  /** What the link's process that lives now has taken note of; undefined when none lives or it has not spoken yet. */
  #takenBy(name: string): DelayCondition[] | undefined {
    const { process } = new NodeFiles(this.#stateDirectory).readActual(linkName(name));
    if (process === null || !isAlive(process)) return undefined;
    const taken = new LinkConditions(this.#stateDirectory, name).readTaken();
    return taken?.pid === process.pid ? taken.conditions : undefined;
  }
}

function notTaken(name: string, what: string): FaultlineError {
  return new FaultlineError(
    "FL_NOT_READY",
    `the link of ${name} did not take note ${what} within ${TAKEN_TIMEOUT_MS / 1000} s`,
    { remedy: `see ${linkName(name)}'s log; the delay ends by itself` },
  );
}

function questionOf({ kind, addresses }: NodeStatus): [Question, string] | undefined {
  const question = (
    { kafka: ["kafka", "client"], postgres: ["postgres", "sql"], zookeeper: ["zookeeper", "client"] } as const
  )[kind as string];
  const [protocol, service] = question ?? (["http", "web"] as const);
  const address = addresses[service];
  return address === undefined ? undefined : [protocol, address];
}
