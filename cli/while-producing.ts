import type { ProducerControl } from "../platform/runtime.ts";
import { followRun } from "./run-follower.ts";
import { SteadyWatch } from "./steady-watch.ts";

/** The stack must store rows of every partition this soon after the producer's start; else the machine can't carry it. */
const STEADY_TIMEOUT_MS = 90_000;
/** How long the sink may take to store what the producer made. */
export const QUIET_TIMEOUT_MS = 60_000;

export type Production = {
  producer: ProducerControl;
  runDirectory: string;
  partitions: number;
  /** Events per second. */
  rate: number;
  signal: AbortSignal;
  onSample?: Parameters<typeof followRun>[0]["onSample"];
};

/**
 * Starts the producer, waits until rows of every partition arrive, does the work, and waits until all of Kafka's log is stored. The work stops the
 * producer. @throws FaultlineError FL_NOT_READY, FL_INTERRUPTED
 */
export async function whileProducing(production: Production, work: () => Promise<void>): Promise<void> {
  const { producer, runDirectory, partitions, rate, signal, onSample } = production;
  const beganMs = Date.now();
  const steady = new SteadyWatch(partitions);
  await producer.start({ rate });
  // The samples are the monitor's, a node of every stack.
  const follower = followRun({
    runDirectory,
    sinceMs: beganMs,
    onSample: (sample, seen) => {
      onSample?.(sample, seen);
      steady.observe(sample);
    },
  });
  try {
    await steady.wait(STEADY_TIMEOUT_MS, signal);
    await work();
    await steady.waitUntilStored(QUIET_TIMEOUT_MS, signal);
  } finally {
    await follower.stop();
  }
}
