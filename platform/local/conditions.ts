import { setTimeout as sleep } from "node:timers/promises";
import { FaultlineError } from "../../contract/errors.ts";
import type { Condition, ConditionKind, Imposed, NodeStatus } from "../../contract/node.ts";
import { type Question, roundTripMs } from "../protocol/round-trip.ts";
import { type DelayCondition, LinkConditions } from "./link-conditions.ts";
import { isLinkable, linkName } from "./links.ts";
import { NodeFiles } from "./node-files.ts";
import { isAlive } from "./process-identity.ts";

/** The link's process looks 20 times a second; this is for a machine that is busy. */
const TAKEN_TIMEOUT_MS = 5_000;

/** Why a condition can't be put on a node of a local stack, as one sentence; undefined: it can. */
export function whyUnavailable(node: NodeStatus, kind: ConditionKind): string | undefined {
  const { name } = node;
  if (kind === "disconnect" || kind === "isolate")
    return `${name} of a local stack can't lose its network: all nodes share this machine's loopback; the compose runtime gives each one its own`;
  if (kind === "cpu" || kind === "memory")
    return `${name} of a local stack has no ${kind === "cpu" ? "processors" : "memory"} of its own to take: all nodes share this machine's; the compose runtime gives each one a limit`;
  if (isLinkable(node.kind)) return undefined;
  if (node.kind === "driver" || node.kind === "producer") return `${name} can't be delayed: it has no client address, it is itself a client`;
  return `${name} of a local stack can't be delayed: a link's proxy can be put before Kafka nodes and PostgreSQL only`;
}

/** Puts a delay on a node's link and waits until the link's process has taken note. @throws FaultlineError FL_FAULT_UNAVAILABLE, FL_NOT_READY */
export async function impose(stateDirectory: string, node: NodeStatus, tag: string, condition: Condition, leaseMs: number): Promise<void> {
  const why = whyUnavailable(node, condition.kind);
  if (why !== undefined || condition.kind !== "delay") throw new FaultlineError("FL_FAULT_UNAVAILABLE", why ?? `${node.name}: ${condition.kind} is not known`);
  if (new NodeFiles(stateDirectory).readDesired(linkName(node.name))?.want !== "up")
    throw new FaultlineError("FL_FAULT_UNAVAILABLE", `${node.name} has no link to delay`, { remedy: `prepare("${node.name}", "delay") puts it there` });
  const conditions = new LinkConditions(stateDirectory, node.name);
  conditions.sweep();
  const wanted: DelayCondition = { tag, delay_ms: condition.delay_ms, jitter_ms: condition.jitter_ms, until_ms: Date.now() + leaseMs };
  conditions.write(wanted);
  const deadlineMs = Math.min(Date.now() + TAKEN_TIMEOUT_MS, wanted.until_ms);
  while (takenBy(stateDirectory, node.name)?.find((item) => item.tag === tag)?.until_ms !== wanted.until_ms) {
    if (Date.now() > deadlineMs)
      throw new FaultlineError("FL_NOT_READY", `the link of ${node.name} did not take note of the delay within ${TAKEN_TIMEOUT_MS / 1000} s`, {
        remedy: `see ${linkName(node.name)}'s log; the delay ends by itself`,
      });
    await sleep(20);
  }
}

/** Takes a condition off and waits until the link's process, if it lives, has taken note. @throws FaultlineError FL_NOT_READY when it does not. */
export async function lift(stateDirectory: string, name: string, tag: string): Promise<void> {
  new LinkConditions(stateDirectory, name).remove(tag);
  const deadlineMs = Date.now() + TAKEN_TIMEOUT_MS;
  while (takenBy(stateDirectory, name)?.some((item) => item.tag === tag)) {
    if (Date.now() > deadlineMs)
      throw new FaultlineError("FL_NOT_READY", `the link of ${name} did not take note within ${TAKEN_TIMEOUT_MS / 1000} s that ${tag} is over`, {
        remedy: `see ${linkName(name)}'s log; the delay ends by itself`,
      });
    await sleep(20);
  }
}

/** Every delay on these nodes' links whose time is not over. */
export function imposed(stateDirectory: string, nodes: NodeStatus[]): Imposed[] {
  return nodes
    .filter((node) => isLinkable(node.kind))
    .flatMap(({ name }) => new LinkConditions(stateDirectory, name).all().map(({ tag }): Imposed => ({ node: name, tag, kind: "delay" })));
}

/** What measure() says (see NodeControl). No processors and no memory are ever taken here. */
export async function measure(node: NodeStatus, kind: ConditionKind): Promise<number | null> {
  if (kind === "cpu" || kind === "memory") return 0;
  const asked = questionOf(node);
  return asked === undefined ? null : roundTripMs(...asked);
}

function questionOf({ kind, addresses }: NodeStatus): [Question, string] | undefined {
  const question = ({ kafka: ["kafka", "client"], postgres: ["postgres", "sql"], zookeeper: ["zookeeper", "client"] } as const)[kind as string];
  const [protocol, service] = question ?? (["http", "web"] as const);
  const address = addresses[service];
  return address === undefined ? undefined : [protocol, address];
}

/** What the link's process that lives now has taken note of; undefined when none lives or it has not spoken yet. */
function takenBy(stateDirectory: string, node: string): DelayCondition[] | undefined {
  const { process } = new NodeFiles(stateDirectory).readActual(linkName(node));
  if (process === null || !isAlive(process)) return undefined;
  const taken = new LinkConditions(stateDirectory, node).readTaken();
  return taken?.pid === process.pid ? taken.conditions : undefined;
}
