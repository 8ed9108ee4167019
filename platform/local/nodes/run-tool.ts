import { spawn } from "node:child_process";
import { FaultlineError } from "../../../contract/errors.ts";
import { NODE_VARIABLE, STATE_VARIABLE } from "../supervisor/marked-processes.ts";

export type Tool = {
  title: string;
  command: string;
  args: string[];
  env: Record<string, string>;
  cwd: string;
  stateDirectory: string;
  user?: { uid: number; gid: number } | undefined;
  input?: string;
  timeoutMs: number;
  signal?: AbortSignal | undefined;
};

const OUTPUT_LIMIT = 16_384;

/**
 * Runs a program that prepares something, to its end. It carries the state directory's mark, so that `down` finds it should we die.
 * @returns what it printed (the last 16 KiB).
 * @throws FaultlineError FL_PREREQUISITE when it is missing, FL_NODE_FAILED with its output when it fails or takes too long.
 */
export async function runTool(tool: Tool): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const child = spawn(tool.command, tool.args, {
    cwd: tool.cwd,
    env: { ...tool.env, [STATE_VARIABLE]: tool.stateDirectory, [NODE_VARIABLE]: `prepare ${tool.title}` },
    stdio: ["pipe", "pipe", "pipe"],
    timeout: tool.timeoutMs,
    killSignal: "SIGKILL",
    ...tool.user,
    ...(tool.signal === undefined ? {} : { signal: tool.signal }),
  });
  let output = "";
  const collect = (chunk: Buffer): void => {
    output = (output + chunk.toString()).slice(-OUTPUT_LIMIT);
  };
  child.stdout.on("data", collect);
  child.stderr.on("data", collect);
  child.stdin.on("error", () => {});
  child.stdin.end(tool.input ?? "");
  child.once("error", (error: NodeJS.ErrnoException) => {
    if (error.name === "AbortError")
      reject(
        new FaultlineError("FL_INTERRUPTED", `interrupted: ${tool.title}`, {
          remedy: "./faultline up goes on from here; ./faultline down ends it",
        }),
      );
    else if (error.code === "ENOENT")
      reject(new FaultlineError("FL_PREREQUISITE", `${tool.title}: ${tool.command} is missing`, { cause: error }));
    else reject(new FaultlineError("FL_NODE_FAILED", `${tool.title}: ${error.message}`, { cause: error }));
  });
  child.once("close", (code, signal) => {
    if (code === 0) resolve(output);
    else
      reject(
        new FaultlineError(
          "FL_NODE_FAILED",
          `${tool.title} failed (${signal ?? `exit code ${code}`}):\n${output.trimEnd()}`,
        ),
      );
  });
  return promise;
}
