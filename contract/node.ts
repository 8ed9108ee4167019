import { z } from "zod";
import type { Capability } from "./capability.ts";

/**
 * What may be done to the nodes of a stack: four capabilities, which each runtime in platform/ implements and the chaos engine
 * uses. Chaos knows nothing else of a runtime. A runtime that lacks a capability has the reason in its place (capability.ts).
 */
export type NodeControl = {
  readonly inventory: Inventory;
  readonly lifecycle: Capability<Lifecycle>;
  readonly conditions: Capability<Conditions>;
  readonly failover: Capability<Failover>;
};

/**
 * `driver` is the Spark job's driver: the compose service `spark`, and `spark-standby`. `monitor` only watches: no event goes through it, and no plan strikes it
 * unless it is named.
 */
export const NODE_KINDS = [
  "kafka",
  "spark-master",
  "spark-worker",
  "driver",
  "postgres",
  "producer",
  "zookeeper",
  "monitor",
] as const;
export type NodeKind = (typeof NODE_KINDS)[number];

/** running: alive and not stopped · paused: every process of it is stopped · down: no process. */
export type NodeState = "running" | "paused" | "down";

export type NodeStatus = {
  name: string;
  kind: NodeKind;
  state: NodeState;
  /** The id of the life that the node has now (see Life). Undefined when the node is down. */
  life?: string;
  /** The supervisor was told to leave the node down (hold). Undefined when the runtime can't say. */
  held?: boolean;
  /** Grows with each start of the node, no matter which process started it. */
  starts: number;
  /** Service name → host:port. */
  addresses: Record<string, string>;
  /** Where its log is: a file, or a command. */
  log: string;
  /** Capabilities that this one node lacks, with the reason. For a node that may only be observed: both. */
  lacks?: { lifecycle?: string; conditions?: string };
};

/**
 * `leader` of a partition of the pipeline's topic; the active Kafka controller; of several drivers the one that has the right to write; of several
 * PostgreSQL servers the one that takes writes.
 */
export type Role =
  | { role: "leader"; partition: number }
  | { role: "controller" }
  | { role: "active-driver" }
  | { role: "primary" };

/** Which kind of node can have a role. */
export const ROLE_KINDS = {
  leader: "kafka",
  controller: "kafka",
  "active-driver": "driver",
  primary: "postgres",
} as const satisfies Record<Role["role"], NodeKind>;

/** Who is there, who does its work, who holds a role. */
export type Inventory = {
  /** Every node of the stack, with its state now. Fast (reads /proc or the engine's API); asks no protocol. */
  nodes(): Promise<NodeStatus[]>;
  /**
   * Asks the node's own protocol: Kafka's ISR has the broker, SQL answers, a worker answers and is registered, the driver's query runs and
   * no partition is stuck (or it stands by for another one), the producer gets acknowledgements, the monitor writes samples. Every question is bounded to about 2 s.
   * @param sinceMs ms since 1970: only what was seen since then counts (a node that was paused left files that look good).
   */
  ready(node: string, sinceMs?: number): Promise<boolean>;
  /** @returns the name of the node that holds this role now. Undefined when nobody does. */
  holderOf(role: Role): Promise<string | undefined>;
};

/** What a fault strikes: the whole node, or the Spark executors below a worker, which Spark itself restarts. */
export type Part = "node" | "executor";

/**
 * One life of a node (or of its executors), from a start to its end. A token: keep it, write it to a file as JSON, hand it back.
 * Only the runtime that made it knows what `id` and `members` mean.
 */
export const lifeSchema = z.strictObject({
  node: z.string(),
  part: z.enum(["node", "executor"]),
  /** Names the life: another life of the same node has another id. */
  id: z.string(),
  /** What can be struck: one entry per process, or per container. */
  members: z.array(z.string()),
  /** For a person: "pid 12, 13 and 4 more", "container 1a2b3c4d5e6f". */
  text: z.string(),
});
export type Life = z.infer<typeof lifeSchema>;

/** kill: SIGKILL · stop: SIGTERM, or the signal that asks this node to stop · pause: SIGSTOP or the freezer. */
export const BLOWS = ["kill", "stop", "pause"] as const;
export type Blow = (typeof BLOWS)[number];

/** What became of the members of a life. `main`: of the first one, the node's main process. */
export type LifeStates = { running: number; paused: number; gone: number; main: "running" | "paused" | "gone" };

/** The supervisor leaves the node down until the hold is released or its time is over. */
export type Hold = { node: string; tag: string; until_ms: number };

/** Strike nodes, hold them down, let them go. All of it may be done by one process and undone by another. */
export type Lifecycle = {
  /** @returns the life that the node (or its executors) has now. Undefined when it has none. */
  lifeOf(node: string, part: Part): Promise<Life | undefined>;
  /**
   * Strikes exactly this life: what is gone, or has another life by now, is passed over.
   * @param spread also strike processes of the node that appear meanwhile (a worker may be about to fork). Only for a node
   *   that is held or can't die of the blow: else the new ones may be its next life.
   * @returns the life as it was struck, with the members that appeared.
   */
  strike(life: Life, blow: Blow, spread: boolean): Promise<Life>;
  look(life: Life): Promise<LifeStates>;
  /**
   * Lets whatever is stopped go on, once: of this life (if given), and of the life that the node has now (if it is known).
   * @returns what was found stopped; undefined: nothing was.
   */
  resume(node: string, life?: Life): Promise<Life | undefined>;
  /**
   * Tells the supervisor to leave the node down when it dies. Durable: outlives the caller. A node may have several holds.
   * Returns when a kill right after can't cross a start that is under way.
   * @param untilMs ms since 1970: the hold ends by itself then, where `holdsExpire`.
   */
  hold(node: string, tag: string, untilMs: number): Promise<void>;
  /**
   * Takes the hold of this tag off; idempotent. Where nodes can't be held (see holdsExpire), it starts the node again.
   * @param struck the life that was struck, where the caller knows it: a node that was asked to stop and has not obeyed yet
   *   gets time to do so first, because nobody would start it if it went down after this call.
   */
  release(node: string, tag: string, struck?: Life): Promise<void>;
  /** Every hold whose time is not over. Empty where nodes can't be held. */
  holds(): Promise<Hold[]>;
  /** Undefined: holds end by themselves. Else why they don't, as one sentence. */
  readonly holdsExpire: string | undefined;
};

/** What can be put on a node, and taken off again, while its processes go on: by the network, or by taking resources away. */
export const CONDITION_KINDS = ["disconnect", "isolate", "delay", "cpu", "memory"] as const;
export type ConditionKind = (typeof CONDITION_KINDS)[number];

export type Condition =
  /** The node loses its network interface, its addresses and its name, and gets them back. */
  | { kind: "disconnect" }
  /** The interface stays, every packet to and from others is dropped: nobody is told. */
  | { kind: "isolate" }
  /** Every message to the node's client address takes delay_ms longer, give or take jitter_ms (uniform). */
  | { kind: "delay"; delay_ms: number; jitter_ms: number }
  /** So many processes that do nothing but compute, beside the node's own, in its container. */
  | { kind: "cpu"; workers: number }
  /** So many MiB taken and held beside the node's own, inside its container's limit. */
  | { kind: "memory"; mib: number };

/** A condition that is on a node now. `tag` is its fault's name, unique over all runs of a machine. */
export type Imposed = { node: string; tag: string; kind: ConditionKind };

/** Impose, lift, list and measure what lies on nodes. */
export type Conditions = {
  /** @returns why this can't be put on this node here, as one sentence; undefined: it can. Changes nothing. */
  unavailable(node: string, kind: ConditionKind): Promise<string | undefined>;
  /**
   * Readies the node for such a condition before a plan begins, where that takes time or clients see it (a proxy put before a
   * broker). Idempotent; ends when the node is ready again. What it made stays until `down`.
   */
  prepare(node: string, kind: ConditionKind): Promise<void>;
  /**
   * Puts a condition on a node under a tag. It ends by itself after leaseMs wherever kernel or server can see to that.
   * @throws FaultlineError FL_FAULT_UNAVAILABLE
   */
  impose(node: string, tag: string, condition: Condition, leaseMs: number): Promise<void>;
  /** Takes it off. Idempotent. The process that imposed it may be dead, and the node too. */
  lift(node: string, tag: string): Promise<void>;
  /** Every condition on this stack's nodes now, no matter which process imposed it. */
  list(): Promise<Imposed[]>;
  /**
   * Measures what a condition of this kind changes; bounded to about 5 s.
   * - disconnect, isolate, delay: ms from a question in the node's own protocol to its answer, over a new connection; null: no
   *   answer.
   * - cpu: cores that the imposed processes used over about a second. memory: MiB that they hold. 0 when there are none.
   */
  measure(node: string, kind: ConditionKind): Promise<number | null>;
};

/** One of two database servers, as it answers for itself. */
export type Server = {
  /** It follows another server, and takes no writes. */
  isStandby: boolean;
  /** Grows with each promotion. */
  timeline: number;
  /** A standby: whether WAL comes in. */
  isReceiving: boolean;
  /** A primary: whether its commits wait until a standby has them. */
  isSynchronous: boolean;
  /** Partition → next_offset of sink_offsets, over all topics and targets. */
  nextOffsets: ReadonlyMap<string, number>;
};

/**
 * Two database servers, of which one takes writes and the other follows. The chaos engine decides here what an operator, or a tool such as Patroni,
 * decides elsewhere: who is promoted. Every decision is on disk before it is carried out.
 */
export type Failover = {
  /** The server that takes writes, by the decision that holds now, and its standby. */
  servers(): Promise<{ primary: string; standby: string }>;
  /** Asks one server. Undefined: it does not answer. */
  look(server: string): Promise<Server | undefined>;
  /** The standby gets no more WAL until `restore`. Returns when its receiver is gone. */
  detach(): Promise<void>;
  /** Asks the primary to shut down in order: it hands all WAL over to its standby before it ends. Hold it first. Does not wait for its end. */
  shutDown(primary: string): Promise<void>;
  /** Whether the standby has replayed all that this primary, which has shut down in order, had committed. */
  hasReplayedAll(primary: string): Promise<boolean>;
  /** Decides that the standby takes writes, and promotes it. Returns when it does. */
  promote(standby: string): Promise<void>;
  /**
   * Carries the decision that holds now out, from wherever it was left: the primary is promoted if it is not yet, the other server is its standby
   * (a former primary gets the primary's data) and streams. Idempotent; bounded. Needs both servers released.
   * @returns what was seen, as one sentence. @throws FaultlineError FL_HEAL_FAILED
   */
  restore(): Promise<string>;
};
