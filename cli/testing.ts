import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { VerdictFile } from "../contract/verdict.ts";

/** For end-to-end tests: the real CLI, with a state directory and a runs directory of the test's own. */
export class TestBench {
  readonly directory = mkdtempSync(join(tmpdir(), "faultline-e2e-"));
  readonly #environment = { ...process.env, FAULTLINE_STATE_DIR: join(this.directory, "state"), FAULTLINE_RUNS_DIR: join(this.directory, "runs") };

  /** Starts the CLI; its output goes into `output` as it comes. */
  start(args: string[], environment: Record<string, string> = {}): { child: ChildProcess; output: () => string; ended: Promise<number | null> } {
    let text = "";
    const child = spawn(process.execPath, [join(import.meta.dirname, "main.ts"), ...args], {
      env: { ...this.#environment, ...environment },
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (text += chunk.toString()));
    const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
    return { child, output: () => text, ended };
  }

  async run(args: string[], environment: Record<string, string> = {}): Promise<{ code: number | null; output: string }> {
    const { output, ended } = this.start(args, environment);
    const code = await ended;
    return { code, output: output() };
  }

  /** Runs one that must succeed. */
  async must(args: string[]): Promise<string> {
    const { code, output } = await this.run(args);
    if (code !== 0) throw new Error(`faultline ${args.join(" ")} ended with ${code}:\n${output}`);
    return output;
  }

  async rows<T>(statement: string): Promise<T[]> {
    const output = await this.must(["sql", "--json", statement]);
    return JSON.parse(output.slice(0, output.lastIndexOf("]") + 1)) as T[];
  }

  async verdict(...args: string[]): Promise<{ code: number | null; verdict: VerdictFile }> {
    const { code, output } = await this.run(["validate", "--json", ...args]);
    const json = output.split("\n").find((line) => line.startsWith('{"version"'));
    if (json === undefined) throw new Error(`no verdict (exit ${code}):\n${output}`);
    return { code, verdict: JSON.parse(json) as VerdictFile };
  }

  /** Pids of processes that carry this bench's state directory in their environment. */
  processesLeft(): number[] {
    const mark = `FAULTLINE_STATE_DIR=${join(this.directory, "state")}\0`;
    return readdirSync("/proc").flatMap((name) => {
      try {
        return /^\d+$/.test(name) && Number(name) !== process.pid && `${readFileSync(`/proc/${name}/environ`, "latin1")}\0`.includes(mark)
          ? [Number(name)]
          : [];
      } catch {
        return []; // gone meanwhile, or not ours to read
      }
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.run(["down", "--volumes"]);
    rmSync(this.directory, { recursive: true, force: true });
  }
}
