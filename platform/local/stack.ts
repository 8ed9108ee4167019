import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import writeFileAtomic from "write-file-atomic";
import { readFileSync } from "node:fs";
import { FaultlineError } from "../../contract/errors.ts";
import { type Trigger, stackSchema } from "../../contract/stack.ts";
import { driverSpec } from "./driver.ts";
import { LAYOUT } from "./layout.ts";
import { type Actual, NodeFiles } from "./node-files.ts";
import { type ProducerOptions, producerSpec } from "./producer.ts";
import { readSettings, type Settings, writeSettings } from "./settings.ts";
import { sparkHome, type SparkHome } from "./spark.ts";
import { withStackLock } from "./stack-lock.ts";
import { ensureSupervisor } from "./supervisor-process.ts";

export { type DownOptions, down } from "./stack-down.ts";
export { type NodeReport, type StackReport, status } from "./stack-status.ts";
export { type Progress, up, type UpOptions } from "./stack-up.ts";
export type { ProducerOptions } from "./producer.ts";

/** Starts the producer, or starts it anew with other numbers. It reads its ledger and goes on where it was. */
export async function startProducer(stateDir: string, options: ProducerOptions): Promise<void> {
  const { stateDirectory, settings, files } = open(stateDir);
  files.writeSpec(producerSpec(settings, stateDirectory, options));
  renew(files, "producer");
  await ensureSupervisor(stateDirectory);
}

/** Lets the producer drain and end, and waits for that. Does nothing when there is none. */
export async function stopProducer(stateDir: string): Promise<void> {
  const { stateDirectory, files } = open(stateDir);
  const spec = files.readSpec("producer");
  if (spec === undefined) return;
  files.writeDesired("producer", { want: "down", generation: files.readDesired("producer")?.generation ?? 0 });
  await ensureSupervisor(stateDirectory);
  await waitForState(files, "producer", ["down"], spec.stop.timeoutMs + 5_000);
}

/** Whether the producer ended by itself with all produced and acknowledged. @throws FaultlineError FL_NODE_FAILED when it can't go on. */
export function producerDone(stateDir: string): boolean {
  const { files } = open(stateDir);
  const actual = files.readActual("producer");
  const desired = files.readDesired("producer");
  if (desired === undefined || actual.generation !== desired.generation) return false;
  if (actual.state === "failed") throw new FaultlineError("FL_NODE_FAILED", `the producer can't go on: ${actual.error}`);
  return actual.state === "done";
}

/** Stops a node in order and starts it again. Returns when the new process runs (not yet: is ready). */
export async function restartNode(stateDir: string, name: string): Promise<void> {
  const { stateDirectory, files } = open(stateDir);
  const spec = files.readSpec(name);
  if (spec === undefined) throw new FaultlineError("FL_USAGE", `there is no node "${name}"; nodes: ${files.names().join(", ")}`);
  const generation = renew(files, name);
  await ensureSupervisor(stateDirectory);
  await waitForState(files, name, ["running", "done"], spec.stop.timeoutMs + 10_000, generation);
}

/** Starts the driver anew with this trigger; the sink goes on from its offsets. Returns when the new process runs (not yet: is ready). */
export async function startDriver(stateDir: string, options: { trigger: Trigger; spark?: SparkHome }): Promise<void> {
  const { stateDirectory, settings, files } = open(stateDir);
  await withStackLock(stateDirectory, async () => {
    const spec = driverSpec(settings, stateDirectory, options.trigger, options.spark ?? sparkHome());
    writeSettings(stateDirectory, { ...settings, trigger: options.trigger });
    files.writeSpec(spec);
    const generation = renew(files, "driver");
    await ensureSupervisor(stateDirectory);
    await waitForState(files, "driver", ["running"], spec.stop.timeoutMs + 10_000, generation);
    const file = join(stateDirectory, LAYOUT.stack);
    const stack = stackSchema.parse(JSON.parse(readFileSync(file, "utf8")));
    writeFileAtomic.sync(file, `${JSON.stringify({ ...stack, trigger: options.trigger }, undefined, 2)}\n`);
  });
}

function open(stateDir: string): { stateDirectory: string; settings: Settings; files: NodeFiles } {
  const stateDirectory = resolve(stateDir);
  const settings = readSettings(stateDirectory);
  if (settings === undefined) throw new FaultlineError("FL_STACK_DOWN", `there is no stack in ${stateDirectory}`, { remedy: "./faultline up" });
  return { stateDirectory, settings, files: new NodeFiles(stateDirectory) };
}

function renew(files: NodeFiles, name: string): number {
  const generation = (files.readDesired(name)?.generation ?? 0) + 1;
  files.writeDesired(name, { want: "up", generation });
  return generation;
}

async function waitForState(files: NodeFiles, name: string, states: Actual["state"][], timeoutMs: number, generation = 0): Promise<void> {
  const deadlineMs = Date.now() + timeoutMs;
  for (;;) {
    const actual = files.readActual(name);
    if (states.includes(actual.state) && actual.generation >= generation) return;
    if (actual.state === "failed" && actual.generation >= generation) throw new FaultlineError("FL_NODE_FAILED", `${name}: ${actual.error}`);
    if (Date.now() > deadlineMs)
      throw new FaultlineError("FL_NOT_READY", `${name} is ${actual.state} after ${timeoutMs / 1000} s${actual.error === null ? "" : `: ${actual.error}`}`);
    await sleep(50);
  }
}
