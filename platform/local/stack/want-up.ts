import { processState, signalProcess } from "../../../machine/process-identity.ts";
import type { PipelineFile } from "../../run-directory.ts";
import type { OnProgress } from "../../runtime.ts";
import { LinkConditions } from "../links/delay-files.ts";
import { linkSpecs, writeSpecAndMove } from "../links/links.ts";
import type { LinkableKind } from "../state/node-ports.ts";
import type { Settings } from "../state/settings.ts";
import type { NodeFiles, ProcessSpec } from "../supervisor/node-files.ts";
import { nodeProcesses } from "../supervisor/node-process.ts";
import type { Wait } from "../supervisor/wait.ts";

const READY_TIMEOUT_MS = 180_000;

/** Everything that the steps of one `up` share. */
export type Context = {
  stateDirectory: string;
  settings: Settings;
  file: PipelineFile;
  files: NodeFiles;
  say: OnProgress;
};

/** Wants a node up: a new generation only when it was not wanted so before, has given up, or waits for its next try. Lets go of holds and pauses. */
export function wantUp({ files, stateDirectory, say }: Context, spec: ProcessSpec, renew = false): void {
  const desired = files.readDesired(spec.name);
  const actual = files.readActual(spec.name);
  writeSpecAndMove(files, spec);
  const holds = files.holds(spec.name);
  if (holds.all().length > 0) say(`${spec.name} was held: released`);
  holds.removeAll();
  for (const identity of nodeProcesses(stateDirectory, spec, actual.process))
    if (processState(identity) === "stopped" && signalProcess(identity, "SIGCONT"))
      say(`${spec.name} was paused (pid ${identity.pid}): resumed`);
  const gaveUp = actual.state === "failed" || actual.state === "done" || actual.state === "backoff";
  if (desired?.want !== "up" || gaveUp || renew)
    files.writeDesired(spec.name, { want: "up", generation: (desired?.generation ?? 0) + 1 });
}

/** Brings the links before nodes of this kind up, and takes off what lies on them. @returns their names. */
export function wantLinks(context: Context, kind: LinkableKind): string[] {
  return linkSpecs(context.settings, context.stateDirectory, kind).map((spec) => {
    const conditions = new LinkConditions(context.stateDirectory, spec.link as string);
    for (const { tag, delay_ms } of conditions.all()) {
      context.say(`${spec.link} was delayed by ${delay_ms} ms: lifted`);
      conditions.remove(tag);
    }
    wantUp(context, spec);
    return spec.name;
  });
}

export function waitFor(context: Context, what: string, nodes: string[], signal: AbortSignal | undefined): Wait {
  return { what, nodes, files: context.files, timeoutMs: READY_TIMEOUT_MS, signal };
}
