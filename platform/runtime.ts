import type { Capability } from "../contract/capability.ts";
import type { Health } from "../contract/health.ts";
import type { DriverStatus } from "../contract/job.ts";
import type { NodeControl, NodeKind, NodeStatus } from "../contract/node.ts";
import type { FaultKind } from "../contract/plan.ts";
import type { ProcessIdentity } from "../contract/process.ts";
import type { Coordination, RuntimeName, Stack, Trigger } from "../contract/stack.ts";

/**
 * A runtime: what brings a stack's nodes up, finds them, strikes them and takes them down. One folder below platform/ each;
 * runtimes.ts lists them and chooses. What a runtime can't do is absent, with the reason (contract/capability.ts).
 */
export type Runtime = {
  readonly name: RuntimeName;
  /** The stack that is up, as this process can reach it. Undefined: none is. Reads files; asks no node whether it lives. */
  find(): Stack | undefined;
  /** Every node with its state now, whether its protocol answers, and what is wrong with it. */
  describe(): Promise<StackReport>;
  readonly power: Capability<Power>;
  readonly control: Capability<ControlSource>;
  readonly producer: Capability<ProducerControl>;
  readonly relay: Capability<Relay>;
};

/** Says what is being done, one line at a time, each a sentence without a full stop. */
export type OnProgress = (line: string) => void;

/** Brings the stack up, takes it down. */
export type Power = {
  /** The nodes that `up` would make, and which faults none of them can suffer: known before anything starts. */
  plannedNodes(request: UpRequest): PlannedNode[];
  /**
   * Finds out whatever can be found out before anything starts: prerequisites, options that this runtime lacks, settings that
   * differ from those of the existing data.
   * @param mode "new": a stack that is here already, or its data, is an error (FL_STACK_BUSY).
   * @throws FaultlineError FL_USAGE, FL_PREREQUISITE, FL_CONFIG_INVALID, FL_PORT_IN_USE, FL_STACK_BUSY
   */
  check(request: UpRequest, mode: "new" | "repair"): Promise<void>;
  /** Brings the stack up, or repairs it; returns when each node answers its protocol. May be interrupted and called again. */
  up(request: UpRequest, work: Work): Promise<void>;
  /** Stops the stack in order and proves that nothing of it is left running. `volumes`: its data go, too; runs always stay. */
  down(request: { volumes: boolean }, work: Work): Promise<void>;
};

export type Work = { onProgress: OnProgress; signal: AbortSignal };

export type PlannedNode = { name: string; kind: NodeKind; unavailable: Partial<Record<FaultKind, string>> };

/** What `up` may be asked for. Undefined: as the existing data have it, else the default. */
export type UpRequest = {
  /** Absolute path. */
  pipelineFile?: string;
  seed?: number;
  malformedPpm?: number;
  trigger?: Trigger;
  coordination?: Coordination;
  /** A second driver stands by. By default, local stacks have one, stacks of containers do not. */
  standby?: boolean;
  /** Whether PostgreSQL has a standby. */
  postgresStandby?: boolean;
  /** Whether a commit waits for that standby; only with it. */
  postgresSync?: boolean;
  /** For a benchmark: the settings for time that Kafka and Spark have by themselves, instead of ours. */
  fieldDefaults?: boolean;
  /** Ports that must be these, by name. The others are chosen. */
  ports?: Record<string, number>;
  /** Events per second, where the producer comes up together with the stack. */
  producerRate?: number;
};

/** @param topic the pipeline's topic, for the roles of its partitions; not needed to heal. */
export type ControlSource = { nodes(topic?: string): NodeControl };

/** The producer of the stack that is up. */
export type ProducerControl = {
  /** Starts it, or starts it again with other numbers. It reads its ledger and goes on where it was. */
  start(options: ProducerOptions): Promise<void>;
  /** Lets it drain and end, and waits for that. Does nothing when there is none. @throws FaultlineError FL_NOT_READY */
  stop(): Promise<void>;
  /** Whether it ended by itself, with all produced and acknowledged. @throws FaultlineError FL_NODE_FAILED when it can't go on */
  isDone(): Promise<boolean>;
};

/** How much to produce: events per second, and when to end (at a total of events, at a time; never, if neither). */
export type ProducerOptions = {
  rate: number;
  untilTotal?: number;
  untilMs?: number;
  /** How long a batch waits for more events; undefined: the producer's default. */
  lingerMs?: number;
};

/**
 * Runs commands of this CLI where the stack's nodes can be reached, for a runtime whose nodes can't be reached from here.
 * A runtime that has a relay has neither control nor producer.
 */
export type Relay = {
  /** Whether there is a stack to run commands in. */
  isUp(): boolean;
  /**
   * Runs one command, with this process's standard input and output. Ctrl-C reaches it.
   * @param argv of the CLI. @param files paths on this machine → paths that the command has instead, read-only.
   * @returns its exit code.
   */
  run(argv: string[], files?: Record<string, string>): Promise<number>;
  /** Where the stack's monitor serves the run's page, with its token; undefined: it does not, or not yet. */
  pageUrl(): string | undefined;
  /** Copies the current run's directory here. @returns its path; undefined: there is none, or it could not be copied. */
  fetchRun(options?: { logs: boolean }): Promise<string | undefined>;
};

/** `status`: what a person or a script wants to know of the stack. JSON members as they are printed. */
export type StackReport = {
  /** Undefined: no `up` has finished, or `down` came after it. */
  stack: Stack | undefined;
  run_directory: string | undefined;
  /** The process that restarts nodes, where there is one. */
  supervisor: ProcessIdentity | undefined;
  /** For a person: "kafka", "postgres", "trigger", "run" → how to reach it, in this order. Empty: there is no stack. */
  reach: Record<string, string>;
  /** A URL that psql takes as it is, if PostgreSQL is reached from here. */
  postgres_url?: string;
  nodes: NodeReport[];
  /** Whether each partition is stored now, by the monitor's health.json; null: nobody knows. */
  health: Health | null;
  /** Why `health` is null, as one sentence. */
  health_unknown: string | null;
  /** The sink's last error per Kafka partition, as the active driver reported it; it may be over. */
  sink_errors: DriverStatus["partitions"];
};

export type NodeReport = NodeStatus & {
  /** What it is beside others of its kind: "active", "standby". Absent: it is alone, or it does not say. */
  role?: string;
  /** The node's main process, where the node is processes of this machine. */
  process?: ProcessIdentity;
  ready: boolean;
  /** Whether it is meant to be up now: it was not stopped as wanted, and has not done all its work. */
  should_run: boolean;
  /** What the supervisor makes of it. */
  supervision: Supervision;
  last_exit: LastExit | null;
  /** What is wrong, in words: it could not be started, or its job says so. */
  error: string | null;
};

/**
 * waiting: not started yet · running: a process lives (paused or not) · backoff: died, will be started again · held: dead, and
 * left so until released · down: stopped as wanted · done: ended with 0, as it should · failed: it ended with an exit code that
 * no new start can cure.
 */
export type Supervision = "waiting" | "running" | "backoff" | "held" | "down" | "done" | "failed";

/** Both code and signal null: nobody knows. */
export type LastExit = { code: number | null; signal: string | null; at_ms: number };
