import { resolve } from "node:path";
import { FaultlineError } from "../../../contract/errors.ts";
import { waitUntil } from "../../../machine/clock.ts";
import type { ProducerOptions } from "../../runtime.ts";
import { type Actual, NodeFiles } from "../supervisor/node-files.ts";
import { producerSpec } from "../nodes/producer.ts";
import { readSettings, type Settings } from "../state/settings.ts";
import { ensureSupervisor } from "../supervisor/supervisor-process.ts";

/** Starts the producer, or starts it again with other numbers. It reads its ledger and goes on where it was. */
export async function startProducer(stateDir: string, options: ProducerOptions): Promise<void> {
  const { stateDirectory, settings, files } = open(stateDir);
  files.writeSpec(producerSpec(settings, stateDirectory, options));
  files.writeDesired("producer", { want: "up", generation: (files.readDesired("producer")?.generation ?? 0) + 1 });
  await ensureSupervisor(stateDirectory);
}

/** Lets the producer drain and end, and waits for that. Does nothing when there is none. */
export async function stopProducer(stateDir: string): Promise<void> {
  const { stateDirectory, files } = open(stateDir);
  const spec = files.readSpec("producer");
  if (spec === undefined) return;
  files.writeDesired("producer", { want: "down", generation: files.readDesired("producer")?.generation ?? 0 });
  await ensureSupervisor(stateDirectory);
  await waitForState(files, "producer", ["down"], spec.stop.timeout_ms + 5_000);
}

/** Whether the producer ended by itself with all produced and acknowledged. @throws FaultlineError FL_NODE_FAILED when it can't go on. */
export function producerDone(stateDir: string): boolean {
  const { files } = open(stateDir);
  const actual = files.readActual("producer");
  const desired = files.readDesired("producer");
  if (desired === undefined || actual.generation !== desired.generation) return false;
  if (actual.state === "failed")
    throw new FaultlineError("FL_NODE_FAILED", `the producer can't go on: ${actual.error}`);
  return actual.state === "done";
}

function open(stateDir: string): { stateDirectory: string; settings: Settings; files: NodeFiles } {
  const stateDirectory = resolve(stateDir);
  const settings = readSettings(stateDirectory);
  if (settings === undefined)
    throw new FaultlineError("FL_STACK_DOWN", `there is no stack in ${stateDirectory}`, { remedy: "./faultline up" });
  return { stateDirectory, settings, files: new NodeFiles(stateDirectory) };
}

async function waitForState(
  files: NodeFiles,
  name: string,
  states: Actual["state"][],
  timeoutMs: number,
): Promise<void> {
  const isThere = (): boolean => {
    const { state, error } = files.readActual(name);
    if (state === "failed") throw new FaultlineError("FL_NODE_FAILED", `${name}: ${error}`);
    return states.includes(state);
  };
  if (await waitUntil(timeoutMs, isThere, { everyMs: 50 })) return;
  const { state, error } = files.readActual(name);
  throw new FaultlineError(
    "FL_NOT_READY",
    `${name} is ${state} after ${timeoutMs / 1000} s${error === null ? "" : `: ${error}`}`,
  );
}
