import { join, resolve } from "node:path";
import { readFileSync } from "node:fs";
import { type Stack, stackSchema } from "../../contract/stack.ts";
import type { NodeStatus, ProcessIdentity } from "../../contract/node.ts";
import { lockHolders } from "./identity-lock.ts";
import { LAYOUT } from "./layout.ts";
import { linkName } from "./links.ts";
import { LocalNodeControl } from "./node-control.ts";
import { type Actual, NodeFiles } from "./node-files.ts";
import { nodeIsReady, readDriverStatus } from "./readiness.ts";
import { readSettings } from "./settings.ts";
import { SUPERVISOR_LOCK } from "./supervisor-process.ts";

export type NodeReport = NodeStatus & {
  ready: boolean;
  /** What the supervisor makes of it: backoff, held, done, failed, ... */
  supervision: Actual["state"];
  lastExit: Actual["last_exit"];
  /** What is wrong, in words: it could not be started, or its job says so. */
  error: string | null;
};

export type StackReport = {
  /** Undefined: `up` has not finished, or `down` came after it. */
  stack: Stack | undefined;
  runDirectory: string | undefined;
  supervisor: ProcessIdentity | undefined;
  nodes: NodeReport[];
};

/** Every node of the stack with its state now and whether its protocol answers. An empty list: there is no stack. */
export async function status(stateDir: string): Promise<StackReport> {
  const stateDirectory = resolve(stateDir);
  const settings = readSettings(stateDirectory);
  const files = new NodeFiles(stateDirectory);
  const nodes = settings === undefined ? [] : await new LocalNodeControl(stateDirectory).nodes();
  const reports = await Promise.all(
    nodes.map(async (node): Promise<NodeReport> => {
      const actual = files.readActual(node.name);
      const link = files.readActual(linkName(node.name));
      const jobError = node.kind === "driver" ? readDriverStatus(stateDirectory)?.error : undefined;
      return {
        ...node,
        ready: settings !== undefined && (await nodeIsReady(stateDirectory, settings, nodes, node.name)),
        supervision: actual.state,
        lastExit: actual.last_exit,
        error: [actual.error, link.error, jobError].filter((text) => text !== null && text !== undefined && text !== "").join("; ") || null,
      };
    }),
  );
  return {
    stack: readStack(stateDirectory),
    runDirectory: settings?.runDirectory,
    supervisor: lockHolders(join(stateDirectory, SUPERVISOR_LOCK))[0],
    nodes: reports,
  };
}

function readStack(stateDirectory: string): Stack | undefined {
  try {
    return stackSchema.parse(JSON.parse(readFileSync(join(stateDirectory, LAYOUT.stack), "utf8")));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
