import { setTimeout as sleep } from "node:timers/promises";
import { FaultlineError } from "../contract/errors.ts";
import type { NodeControl } from "../contract/node.ts";
import { startProducer, stopProducer } from "../platform/local/stack.ts";
import type { CommandContext } from "./context.ts";
import { insideContainer } from "./runtime-choice.ts";

/** The producer's own drain takes up to 10 s, a send's deadline 30 s. */
const STOP_TIMEOUT_MS = 45_000;

/** @param rate events per second; a container has its rate from docker compose (PRODUCER_RATE). */
export async function startStackProducer(context: Pick<CommandContext, "stateDir">, control: NodeControl, rate: number): Promise<void> {
  if (insideContainer()) await control.release("producer");
  else await startProducer(context.stateDir, { rate });
}

/** Lets the producer drain and end. @throws FaultlineError FL_NOT_READY when it does not. */
export async function stopStackProducer(context: Pick<CommandContext, "stateDir">, control: NodeControl): Promise<void> {
  if (!insideContainer()) return stopProducer(context.stateDir);
  await control.signal(await control.processes("producer"), "SIGTERM");
  const deadlineMs = Date.now() + STOP_TIMEOUT_MS;
  while ((await control.nodes()).some(({ name, state }) => name === "producer" && state !== "down")) {
    if (Date.now() > deadlineMs) throw new FaultlineError("FL_NOT_READY", `the producer did not end within ${STOP_TIMEOUT_MS / 1000} s`);
    await sleep(200);
  }
}
