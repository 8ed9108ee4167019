/**
 * What the chaos engine may do to the nodes of a stack. platform/local and platform/compose implement it; chaos knows nothing else of them.
 */
export const NODE_KINDS = ["kafka", "spark-master", "spark-worker", "driver", "postgres", "producer", "zookeeper"] as const;
export type NodeKind = (typeof NODE_KINDS)[number];

/** A process that can't be mistaken for another: pids are used again, so pid alone names nothing. */
export type ProcessIdentity = {
  pid: number;
  /** Field 22 of /proc/PID/stat: clock ticks from boot to the process's start. */
  start_ticks: number;
  /** /proc/sys/kernel/random/boot_id */
  boot_id: string;
  /**
   * In a container: its full id and Docker's State.StartedAt. Then pid and start_ticks are as seen inside it; pid 1 with start_ticks 0
   * stands for the container as a whole (every process in it).
   */
  container?: { id: string; started_at: string };
};

/** running: alive and not stopped · paused: every process of it is stopped by a signal · down: no process. */
export type NodeState = "running" | "paused" | "down";

export type NodeStatus = {
  name: string;
  kind: NodeKind;
  state: NodeState;
  /** Answers its protocol (see NodeControl.ready). Undefined when it was not asked. */
  ready?: boolean;
  /** The supervisor was told to leave it down (hold). Undefined when the runtime can't say. */
  held?: boolean;
  process?: ProcessIdentity;
  /** Times that the supervisor started it since `up`. */
  starts: number;
  /** Service name → host:port. */
  addresses: Record<string, string>;
  log: string;
};

export type Signal = "SIGKILL" | "SIGTERM" | "SIGSTOP" | "SIGCONT";

/** Where a fault strikes: a node, or a process inside one that restarts by itself. */
export type ProcessSelector = "node" | "executor";

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

export interface NodeControl {
  /** Every node of the stack, with its state now. Fast (reads /proc or the engine's API), asks no protocol. */
  nodes(): Promise<NodeStatus[]>;
  /** Every process of the node, children in sessions of their own included; with "executor" only the Spark executors below a worker. */
  processes(name: string, selector?: ProcessSelector): Promise<ProcessIdentity[]>;
  /** Sends a signal to exactly these processes; one that is gone or whose pid was taken over is skipped. Returns those that got it. */
  signal(processes: ProcessIdentity[], signal: Signal): Promise<ProcessIdentity[]>;
  /** "T" (stopped), "running", or "gone", for each process. */
  processStates(processes: ProcessIdentity[]): Promise<("stopped" | "running" | "gone")[]>;
  /** Tells the supervisor to leave the node down when it dies (hold), or to keep it up (release). Durable: outlives the caller. */
  hold(name: string): Promise<void>;
  release(name: string): Promise<void>;
  /** Asks the node's own protocol: Kafka's ISR has the broker, SQL answers, a worker is registered, the driver's query runs, the producer got an acknowledgement since `sinceMs`. */
  ready(name: string, sinceMs?: number): Promise<boolean>;
  /** Resolves names such as "leader:3", "controller" to a node's name. Undefined when nobody holds that role now. */
  resolveRole(role: Role): Promise<string | undefined>;
  /** Why this can't be put on this node here, as one sentence; undefined: it can. Changes nothing. */
  unavailable(name: string, kind: ConditionKind): Promise<string | undefined>;
  /**
   * Readies the stack for such conditions before a plan begins, where that takes time or is seen by clients (a proxy put before a broker).
   * Idempotent; ends when the node is ready again. What it made stays until `down`.
   */
  prepare(name: string, kind: ConditionKind): Promise<void>;
  /** Puts a condition on a node under a tag. It ends by itself after leaseMs wherever kernel or server can see to that. @throws FaultlineError FL_FAULT_UNAVAILABLE */
  impose(name: string, tag: string, condition: Condition, leaseMs: number): Promise<void>;
  /** Takes it off. Idempotent; whoever put it there may be dead, and the node too. */
  lift(name: string, tag: string): Promise<void>;
  /** Every condition on this stack's nodes that is there now, whoever put it there. */
  imposed(): Promise<Imposed[]>;
  /**
   * Measures what a condition of this kind changes; bounded to about 5 s.
   * - disconnect, isolate, delay: ms from a question in the node's own protocol to its answer, over a new connection; null: no answer.
   * - cpu: cores that the imposed processes used over about a second. memory: MiB that they hold. 0 when there are none.
   */
  measure(name: string, kind: ConditionKind): Promise<number | null>;
}

/** `leader` of a partition of the pipeline's topic, or the active KRaft controller. */
export type Role = { role: "leader"; partition: number } | { role: "controller" };
