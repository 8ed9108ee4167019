/**
 * What the chaos engine may do to the nodes of a stack. platform/local and platform/compose implement it; chaos knows nothing else of them.
 */
export const NODE_KINDS = ["kafka", "spark-master", "spark-worker", "driver", "postgres", "producer"] as const;
export type NodeKind = (typeof NODE_KINDS)[number];

/** A process that can't be mistaken for another: pids are used again, so pid alone names nothing. */
export type ProcessIdentity = {
  pid: number;
  /** Field 22 of /proc/PID/stat: clock ticks from boot to the process's start. */
  start_ticks: number;
  /** /proc/sys/kernel/random/boot_id */
  boot_id: string;
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
}

/** `leader` of a partition of the pipeline's topic, or the active KRaft controller. */
export type Role = { role: "leader"; partition: number } | { role: "controller" };
