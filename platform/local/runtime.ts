import { join } from "node:path";
import { RUN_FILES } from "../../contract/run.ts";
import type { Place } from "../place.ts";
import type { Runtime, UpRequest } from "../runtime.ts";
import { localNodeControl } from "./node-control.ts";
import { checkUp } from "./stack/check.ts";
import { down } from "./stack/down.ts";
import { plannedNodes } from "./stack/planned-nodes.ts";
import { producerDone, startProducer, stopProducer } from "./stack/producer.ts";
import { describeStack } from "./stack/describe.ts";
import type { SettleOptions } from "./stack/settle.ts";
import { readStack } from "./stack/stack-file.ts";
import { up } from "./stack/up.ts";
import { readSettings } from "./state/settings.ts";

/** Processes on this machine, with all that they make in the place's state directory. */
export function localRuntime(place: Place): Runtime {
  const { stateDir } = place;
  return {
    name: "local",
    find: () => readStack(stateDir),
    describe: async () => describeStack(stateDir),
    power: {
      plannedNodes: ({ coordination, standby }) => {
        const found = readSettings(stateDir);
        return plannedNodes({
          coordination: coordination ?? found?.coordination ?? "kraft",
          standby: standby ?? found?.standby ?? true,
        });
      },
      check: async (request, mode) => checkUp(upOptions(place, request), mode),
      up: async (request, work) => void (await up({ ...upOptions(place, request), ...work })),
      down: async ({ volumes }, work) => down({ stateDir, volumes, ...work }),
    },
    control: { nodes: () => localNodeControl(stateDir) },
    producer: {
      start: async (options) => startProducer(stateDir, options),
      stop: async () => stopProducer(stateDir),
      isDone: async () => producerDone(stateDir),
    },
    relay: { absent: "the nodes of a local stack are reached from here" },
  };
}

/** A rate is not for `up` here: the producer comes up by `producer.start`. */
function upOptions({ root, stateDir, runsDir }: Place, request: UpRequest): SettleOptions {
  return { stateDir, runsDir, ...request, pipelineFile: request.pipelineFile ?? knownPipeline(root, stateDir) };
}

/** The copy that the existing data's run has, else payments. */
function knownPipeline(root: string, stateDir: string): string {
  const settings = readSettings(stateDir);
  return settings === undefined
    ? join(root, "pipelines/payments.yaml")
    : join(settings.run_directory, RUN_FILES.pipeline);
}
