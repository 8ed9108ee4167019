import { readdirSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { FaultlineError } from "../../../contract/errors.ts";
import { NODE_KINDS } from "../../../contract/node.ts";
import { type Lease, LeaseFiles } from "../state/lease-files.ts";
import { stateFile } from "../state/state-file.ts";

const specSchema = z.strictObject({
  name: z.string(),
  kind: z.enum(NODE_KINDS),
  /** Not a node but the link before this node (see links.ts): supervised and stopped like one, seen by no plan. */
  link: z.string().optional(),
  command: z.string(),
  args: z.array(z.string()),
  env: z.record(z.string(), z.string()),
  /** Variable → file whose content (trimmed) becomes its value at the start. */
  secret_env: z.record(z.string(), z.string()),
  cwd: z.string(),
  /** Start as this user; undefined: as the supervisor's own. */
  uid: z.int().optional(),
  gid: z.int().optional(),
  log: z.string(),
  /** Service → host:port. */
  addresses: z.record(z.string(), z.string()),
  /** on-failure: an exit with 0 means done, and is not followed by a start. */
  restart: z.enum(["always", "on-failure"]),
  /** Time between a death and the next start, at least. */
  restart_delay_ms: z.int().nonnegative().optional(),
  /** Exit codes that starting again can't cure → what they mean, for a person. */
  fatal_exits: z.record(z.string(), z.string()),
  stop: z.strictObject({ signal: z.enum(["SIGTERM", "SIGINT"]), timeout_ms: z.int() }),
  /** PostgreSQL's data directory: its processes are found by it (see postgresProcesses). */
  data_directory: z.string().optional(),
});

/** How to start one node: complete, so that a supervisor that knows nothing else can. Holds no secret. */
export type ProcessSpec = z.infer<typeof specSchema>;

const desiredSchema = z.strictObject({ want: z.enum(["up", "down"]), generation: z.int() });

/** What the stack wants of a node. A higher `generation` than the running one's means: start it again. */
export type Desired = z.infer<typeof desiredSchema>;

const leaseSchema = z.strictObject({ tag: z.string(), until_ms: z.number() });

const actualSchema = z.strictObject({
  /** See Supervision in platform/runtime.ts. backoff: will be started at next_start_ms; failed: a new generation starts it again. */
  state: z.enum(["waiting", "running", "backoff", "held", "down", "done", "failed"]),
  process: z.strictObject({ pid: z.int(), start_ticks: z.int(), boot_id: z.string() }).nullable(),
  generation: z.int(),
  /** Times that it was started since its directory was made. */
  starts: z.int(),
  started_ms: z.int().nullable(),
  /** Deaths in a row, each within 30 s of its start. */
  failures: z.int(),
  next_start_ms: z.int().nullable(),
  /** Both code and signal null: it was not the supervisor's child, so nobody knows. */
  last_exit: z.strictObject({ code: z.int().nullable(), signal: z.string().nullable(), at_ms: z.int() }).nullable(),
  /** The holds that the supervisor has taken note of. */
  holds: z.array(leaseSchema),
  /** What went wrong last: could not be started, a fatal exit. */
  error: z.string().nullable(),
});

/** What the supervisor last saw and did. */
export type Actual = z.infer<typeof actualSchema>;

export const NEW_ACTUAL: Actual = {
  state: "waiting",
  process: null,
  generation: 0,
  starts: 0,
  started_ms: null,
  failures: 0,
  next_start_ms: null,
  last_exit: null,
  holds: [],
  error: null,
};

const SPEC = stateFile(2, specSchema);
const DESIRED = stateFile(1, desiredSchema);
const ACTUAL = stateFile(1, actualSchema);
const HOLD = stateFile(1, leaseSchema);

/**
 * The files through which the CLI, the chaos engine and the supervisor talk: `nodes/NAME/{spec,desired,actual}.json` and
 * `holds/TAG.json`. Each has one writer and is replaced atomically. Holds are files of their own, so that a release that arrives
 * after `down` does not start the node. Every reader throws FL_CONFIG_INVALID for a file that does not fit its schema.
 */
export class NodeFiles {
  readonly stateDirectory: string;

  constructor(stateDirectory: string) {
    this.stateDirectory = stateDirectory;
  }

  names(): string[] {
    try {
      return readdirSync(join(this.stateDirectory, "nodes"), { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map((entry) => entry.name)
        .toSorted();
    } catch {
      return [];
    }
  }

  readSpec(name: string): ProcessSpec | undefined {
    return SPEC.read(this.#path(name, "spec.json"));
  }
  readDesired(name: string): Desired | undefined {
    return DESIRED.read(this.#path(name, "desired.json"));
  }
  readActual(name: string): Actual {
    return ACTUAL.read(this.#path(name, "actual.json")) ?? NEW_ACTUAL;
  }
  /** Whether it runs as it was last wanted, and not still in the life before. */
  isCurrent(name: string): boolean {
    const { state, generation } = this.readActual(name);
    return state === "running" && generation === this.readDesired(name)?.generation;
  }
  /** The holds of a node. It is held while any of them is not over; an unreadable file holds until it is removed. */
  holds(name: string): LeaseFiles<Lease> {
    return new LeaseFiles(this.#path(name, "holds"), HOLD, (lease) => lease);
  }

  writeSpec(spec: ProcessSpec): void {
    SPEC.write(this.#path(spec.name, "spec.json"), spec);
  }
  writeDesired(name: string, desired: Desired): void {
    DESIRED.write(this.#path(name, "desired.json"), desired);
  }
  writeActual(name: string, actual: Actual): void {
    ACTUAL.write(this.#path(name, "actual.json"), actual);
  }

  /** The spec of a node that may be struck, which a link is not. @throws FaultlineError FL_USAGE, FL_STACK_DOWN when there is no node */
  nodeSpec(name: string): ProcessSpec {
    const spec = this.readSpec(name);
    if (spec !== undefined && spec.link === undefined) return spec;
    const names = this.names();
    if (names.length === 0)
      throw new FaultlineError("FL_STACK_DOWN", `there is no stack in ${this.stateDirectory}`, {
        remedy: "./faultline up",
      });
    throw new FaultlineError("FL_USAGE", `there is no node "${name}"; nodes: ${names.join(", ")}`);
  }

  #path(name: string, file: string): string {
    return join(this.stateDirectory, "nodes", name, file);
  }
}
