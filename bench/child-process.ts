import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { FaultlineError } from "../contract/errors.ts";

export type ChildSpec = {
  name: string;
  command: string;
  args: string[];
  env: Record<string, string>;
  cwd: string;
  log: string;
  /** The stack that it belongs to: `down` finds it by this mark, should we die. */
  stateDir: string;
  /** Called for each whole line of standard output. */
  onLine?: (line: string) => void;
};

/** A process that lives only as long as a measurement. */
export class BenchProcess {
  readonly name: string;
  readonly #child: ChildProcess;
  readonly #log: string;
  readonly #closed: Promise<void>;
  #end: { code: number | null; signal: string | null } | undefined;

  constructor(spec: ChildSpec) {
    this.name = spec.name;
    this.#log = spec.log;
    mkdirSync(dirname(spec.log), { recursive: true });
    mkdirSync(spec.cwd, { recursive: true });
    const log = openSync(spec.log, "a");
    try {
      this.#child = spawn(spec.command, spec.args, {
        cwd: spec.cwd,
        env: { ...spec.env, FAULTLINE_STATE_DIR: spec.stateDir, FAULTLINE_NODE: `bench ${spec.name}` },
        // A session of its own: a terminal's Ctrl-C comes to it through us, in order.
        detached: true,
        stdio: ["pipe", spec.onLine === undefined ? log : "pipe", log],
      });
    } finally {
      closeSync(log);
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#closed = promise;
    this.#child.once("error", () => {
      this.#end ??= { code: null, signal: "it could not be started" };
      resolve();
    });
    this.#child.once("exit", (code, signal) => {
      this.#end = { code, signal };
    });
    this.#child.once("close", () => resolve());
    this.#child.stdin?.on("error", () => {});
    if (spec.onLine !== undefined) this.#readLines(spec.onLine);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get hasEnded(): boolean {
    return this.#end !== undefined;
  }

  /** The end of its log, for errors. */
  get lastWords(): string {
    return `the end of ${this.#log}:\n${tail(this.#log)}`;
  }

  /** Writes a line to its standard input. */
  tell(line: string): void {
    this.#child.stdin?.write(`${line}\n`);
  }

  /** @throws FaultlineError FL_NODE_FAILED with the end of its log when it has ended with anything but 0. */
  checkAlive(): void {
    if (this.#end !== undefined && this.#end.code !== 0) throw this.#failure();
  }

  /** Waits for its end. @throws FaultlineError FL_NODE_FAILED unless it ended with 0. */
  async ended(): Promise<void> {
    await this.#closed;
    if (this.#end?.code !== 0) throw this.#failure();
  }

  /** Ends it, whatever it does: what is measured here has to bear that. Returns when it is gone. */
  async kill(): Promise<void> {
    if (this.#end === undefined && this.#child.pid !== undefined) this.#child.kill("SIGKILL");
    await this.#closed;
  }

  #failure(): FaultlineError {
    const how = this.#end?.signal ?? `exit code ${this.#end?.code}`;
    return new FaultlineError("FL_NODE_FAILED", `${this.name} ended (${how}) before it was done; ${this.lastWords}`);
  }

  #readLines(onLine: (line: string) => void): void {
    let rest = "";
    this.#child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) onLine(line);
    });
  }
}

function tail(file: string): string {
  try {
    return readFileSync(file, "utf8").slice(-3_000).trimEnd();
  } catch {
    return "(no log)";
  }
}
