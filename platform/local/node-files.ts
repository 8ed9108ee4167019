import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import writeFileAtomic from "write-file-atomic";
import type { NodeKind, ProcessIdentity } from "../../contract/node.ts";

/** How to start one node: complete, so that a supervisor that knows nothing else can. Holds no secret. */
export type ProcessSpec = {
  name: string;
  kind: NodeKind;
  /** Not a node but the link before this node (see links.ts): supervised and stopped like one, seen by no plan. */
  link?: string;
  command: string;
  args: string[];
  env: Record<string, string>;
  /** Variable → file whose content (trimmed) becomes its value at the start. */
  secretEnv: Record<string, string>;
  cwd: string;
  /** Start as this user; undefined: as the supervisor's own. */
  uid?: number;
  gid?: number;
  log: string;
  /** Service → host:port. */
  addresses: Record<string, string>;
  /** on-failure: an exit with 0 means done, and is not followed by a start. */
  restart: "always" | "on-failure";
  /** Exit codes that starting again can't cure. */
  fatalExitCodes: number[];
  stop: { signal: "SIGTERM" | "SIGINT"; timeoutMs: number };
  /** PostgreSQL's data directory: its processes are found by it (see postgresProcesses). */
  dataDirectory?: string;
};

/** What the stack wants of a node. A higher `generation` than the running one's means: start anew. */
export type Desired = { want: "up" | "down"; generation: number };

/**
 * waiting: not started yet · running: a process lives (paused or not) · backoff: died, will be started at next_start_ms · held: dead and to stay so until
 * released · down: stopped as wanted · done: ended with 0, restart "on-failure" · failed: ended with a fatal exit code; a new generation starts it again
 */
export type ActualState = "waiting" | "running" | "backoff" | "held" | "down" | "done" | "failed";

/** What the supervisor last saw and did. */
export type Actual = {
  state: ActualState;
  process: ProcessIdentity | null;
  generation: number;
  /** Times that it was started since its directory was made. */
  starts: number;
  started_ms: number | null;
  /** Deaths in a row, each within 30 s of its start. */
  failures: number;
  next_start_ms: number | null;
  /** Both code and signal null: it was not the supervisor's child, so nobody knows. */
  last_exit: { code: number | null; signal: string | null; at_ms: number } | null;
  /** The hold that the supervisor has taken note of. */
  held: boolean;
  /** What went wrong last: could not be started, a fatal exit. */
  error: string | null;
};

export const NEW_ACTUAL: Actual = {
  state: "waiting",
  process: null,
  generation: 0,
  starts: 0,
  started_ms: null,
  failures: 0,
  next_start_ms: null,
  last_exit: null,
  held: false,
  error: null,
};

/**
 * The files through which the CLI, the chaos engine and the supervisor talk: `nodes/NAME/{spec,desired,actual}.json` and `hold`.
 * Each has one writer and is replaced atomically. The hold is a file of its own, so that a late release can't bring a stopped node up.
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
    return this.#read(name, "spec.json") as ProcessSpec | undefined;
  }
  readDesired(name: string): Desired | undefined {
    return this.#read(name, "desired.json") as Desired | undefined;
  }
  readActual(name: string): Actual {
    return (this.#read(name, "actual.json") as Actual | undefined) ?? NEW_ACTUAL;
  }
  /** Whether it runs as it was last wanted, and not still in the life before. */
  isCurrent(name: string): boolean {
    const { state, generation } = this.readActual(name);
    return state === "running" && generation === this.readDesired(name)?.generation;
  }
  isHeld(name: string): boolean {
    return existsSync(this.#path(name, "hold"));
  }

  writeSpec(spec: ProcessSpec): void {
    this.#write(spec.name, "spec.json", spec);
  }
  writeDesired(name: string, desired: Desired): void {
    this.#write(name, "desired.json", desired);
  }
  writeActual(name: string, actual: Actual): void {
    this.#write(name, "actual.json", actual);
  }
  writeHold(name: string): void {
    this.#write(name, "hold", { at_ms: Date.now() });
  }
  removeHold(name: string): void {
    rmSync(this.#path(name, "hold"), { force: true });
  }

  #path(name: string, file: string): string {
    return join(this.stateDirectory, "nodes", name, file);
  }

  #read(name: string, file: string): unknown {
    try {
      return JSON.parse(readFileSync(this.#path(name, file), "utf8"));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT" || (error as NodeJS.ErrnoException).code === "ENOTDIR") return undefined;
      throw error;
    }
  }

  #write(name: string, file: string, content: object): void {
    mkdirSync(join(this.stateDirectory, "nodes", name), { recursive: true });
    writeFileAtomic.sync(this.#path(name, file), `${JSON.stringify(content, undefined, 2)}\n`);
  }
}
