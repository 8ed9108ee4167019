import { FaultlineError } from "../../../contract/errors.ts";
import { waitUntil } from "../../../machine/clock.ts";
import { logTail } from "./log-file.ts";
import type { NodeFiles } from "./node-files.ts";

export type Wait = {
  what: string;
  /** Nodes whose failure makes further waiting vain. */
  nodes: string[];
  files: NodeFiles;
  timeoutMs: number;
  signal?: AbortSignal | undefined;
};

/** A node that died this often in a row, each time soon after its start, will not come up by itself. */
const HOPELESS_FAILURES = 5;

/**
 * Asks until the answer is yes. A question that throws counts as no, except for a FaultlineError.
 * @throws FaultlineError FL_NOT_READY with the nodes' last words after the time, FL_NODE_FAILED as soon as a node has failed,
 *   FL_INTERRUPTED.
 */
export async function waitForNodes(wait: Wait, question: () => Promise<boolean>): Promise<void> {
  let last: unknown;
  const answered = await waitUntil(wait.timeoutMs, async () => {
    checkInterrupted(wait.signal, wait.what);
    try {
      if (await question()) return true;
      last = undefined;
    } catch (error) {
      if (error instanceof FaultlineError) throw error;
      last = error;
    }
    for (const name of wait.nodes) checkNode(wait.files, name);
    return false;
  });
  if (answered) return;
  const words = wait.nodes.map((name) => lastWords(wait.files, name)).join("\n");
  throw new FaultlineError(
    "FL_NOT_READY",
    `${wait.what}: not within ${wait.timeoutMs / 1000} s${last instanceof Error ? ` (${last.message})` : ""}\n${words}`,
    { remedy: "see the logs named above; ./faultline up goes on from here", cause: last },
  );
}

export function checkInterrupted(signal: AbortSignal | undefined, what: string): void {
  if (signal?.aborted)
    throw new FaultlineError("FL_INTERRUPTED", `interrupted: ${what}`, {
      remedy: "./faultline up goes on from here; ./faultline down ends it",
    });
}

function checkNode(files: NodeFiles, name: string): void {
  const actual = files.readActual(name);
  if (actual.state !== "failed" && actual.failures < HOPELESS_FAILURES) return;
  const desired = files.readDesired(name);
  // Of an earlier life, before the supervisor saw that it is wanted anew.
  if (desired === undefined || actual.generation !== desired.generation) return;
  throw new FaultlineError("FL_NODE_FAILED", `${name} does not come up\n${lastWords(files, name)}`, {
    remedy: "fix the cause shown in its log, then ./faultline up",
  });
}

/** A node's error, last exit and the end of its log, for a person. */
export function lastWords(files: NodeFiles, name: string): string {
  const { error, last_exit, state } = files.readActual(name);
  const log = files.readSpec(name)?.log ?? "";
  const exit =
    last_exit === null
      ? ""
      : `, last ended with ${last_exit.signal ?? (last_exit.code === null ? "an unknown exit code" : `exit code ${last_exit.code}`)}`;
  return `${name}: ${state}${exit}${error === null ? "" : `: ${error}`}\n${log}:\n${logTail(log)}`;
}
