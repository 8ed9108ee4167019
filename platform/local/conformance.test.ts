import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { waitUntil } from "../../machine/clock.ts";
import { type ConformanceWorld, runtimeConformance } from "../fixture/conformance.ts";
import { roundTripMs } from "../protocol/round-trip.ts";
import { fakeBrokerSpec, freeSettings, prepareFakeBroker } from "./fixture/fake-broker.ts";
import { Stage } from "./fixture/stage.ts";
import { prepareLink } from "./links/link-prepare.ts";
import { localNodeControl } from "./node-control.ts";

/** Goes on writing to the file of its name as long as it works. */
const BEAT = "while :; do date > beat; sleep 0.05; done";

async function beats(file: string): Promise<boolean> {
  const lastMs = (): number => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const before = lastMs();
  return waitUntil(1_000, () => lastMs() > before, { everyMs: 20 });
}

async function openWorld(): Promise<ConformanceWorld> {
  const stage = await Stage.open();
  const { directory, files } = stage;
  const settings = await freeSettings(directory);
  prepareFakeBroker(settings, directory);
  files.writeSpec(fakeBrokerSpec(settings, directory));
  files.writeDesired("kafka-2", { want: "up", generation: 1 });
  stage.define("parent", `sleep 1000 & setsid sleep 1000 & ${BEAT}`, { cwd: join(directory, "parent") });
  // Script files, so that the worker's own command line does not name the executor's class.
  writeFileSync(join(directory, "executor.sh"), "sleep 1000; true\n");
  writeFileSync(
    join(directory, "worker.sh"),
    `(while :; do sh ../executor.sh CoarseGrainedExecutorBackend; done) &\n${BEAT}\n`,
  );
  stage.define("spark-worker-1", "", { args: ["../worker.sh"], cwd: join(directory, "worker"), kind: "spark-worker" });

  const answers = async (): Promise<boolean> =>
    (await roundTripMs("kafka", `127.0.0.1:${settings.ports["kafka-2-client"]}`, 500)) !== null;
  return {
    control: () => localNodeControl(directory),
    nodes: { ordinary: "kafka-2", parent: "parent", worker: "spark-worker-1" },
    works: async (node) => (node === "kafka-2" ? answers() : beats(join(directory, node, "beat"))),
    condition: {
      node: "kafka-2",
      condition: { kind: "delay", delay_ms: 300, jitter_ms: 0 },
      // The fake has no ISR to be in, which prepare() would ask for.
      ready: async () => prepareLink(directory, "kafka-2", "kafka", answers),
    },
    absent: [],
    [Symbol.asyncDispose]: async () => stage[Symbol.asyncDispose](),
  };
}

runtimeConformance("a local stack", openWorld);
