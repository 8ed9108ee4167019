import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { FaultlineError } from "../contract/errors.ts";
import { type ProducerStatus, RUN_FILES } from "../contract/run.ts";
import { readProducerStatus as readStatusFile } from "../platform/protocol/node-readiness.ts";
import { producerDone, startProducer } from "../platform/local/stack/producer.ts";
import type { BenchStack } from "./bench-stack.ts";
import { checkInterrupted } from "./options.ts";

/** Has the pipeline's own producer write as fast as it can, until the run has so many events in all. @returns events per second of an empty topic. */
export async function fillTopic({ bench, stack }: BenchStack, events: number): Promise<number> {
  const beganMs = Date.now();
  let saidMs = beganMs;
  await startProducer(bench.stateDir, { rate: 0, untilTotal: events });
  while (!producerDone(bench.stateDir)) {
    checkInterrupted(bench);
    await sleep(100);
    if (Date.now() - saidMs < 5_000) continue;
    saidMs = Date.now();
    bench.say(
      `producing: ${(readProducerStatus(stack.run_directory)?.acknowledged ?? 0).toLocaleString("en-US")} of ${events.toLocaleString("en-US")} events`,
    );
  }
  const status = readProducerStatus(stack.run_directory);
  if (status?.acknowledged !== events || status.indeterminate !== 0)
    throw new FaultlineError(
      "FL_NODE_FAILED",
      `the producer acknowledged ${status?.acknowledged} of ${events} events: the machine is too busy to measure`,
    );
  return (events * 1_000) / (Date.now() - beganMs);
}

/** Undefined before the producer's first status. */
export function readProducerStatus(runDirectory: string): ProducerStatus | undefined {
  return readStatusFile(join(runDirectory, RUN_FILES.producerStatus));
}
