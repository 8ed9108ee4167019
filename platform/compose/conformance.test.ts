import { waitUntil } from "../../machine/clock.ts";
import { type ConformanceWorld, runtimeConformance } from "../fixture/conformance.ts";
import { roundTripMs } from "../protocol/round-trip.ts";
import { docker, noDocker, TestProject } from "./fixture/project.ts";

/** Answers whatever comes, at once; bound to all addresses, as a broker is. */
const BROKER = `require("net").createServer((s) => s.on("error", () => {}).on("data", () => s.write("!"))).listen(9092, "0.0.0.0")`;
/** Goes on writing as long as it works. */
const BEAT = "while :; do date +%s%N >/beat; sleep 0.05; done";
/** Has an executor below it, and starts another one when it dies. Its own command line does not have the class's name in one piece. */
const WORKER = `(while :; do bash -c 'while :; do sleep 1; done' org.apache.spark.executor."Coarse"GrainedExecutorBackend; done) & ${BEAT}`;
/** A shell as process 1 obeys only the signals that it traps. */
const OBEDIENT = "trap exit TERM";

async function openWorld(): Promise<ConformanceWorld> {
  await using opening = new AsyncDisposableStack();
  const project = opening.use(await TestProject.start());
  await project.buildTools();
  const node = ["node", "-e", `process.on("SIGTERM", () => process.exit()); ${BROKER}`];
  await Promise.all([
    project.service("kafka-1", node, [], project.toolsImage),
    project.service("postgres", ["bash", "-c", `${OBEDIENT}; sleep 1000 & setsid sleep 1000 & ${BEAT}`]),
    project.service("spark-worker-1", ["bash", "-c", `${OBEDIENT}; ${WORKER}`]),
  ]);
  const answers = async (): Promise<boolean> =>
    (await roundTripMs("kafka", `${await project.address("kafka-1")}:9092`, 500)) !== null;
  const beats = async (service: string): Promise<boolean> => {
    // Docker reads the file without a process of the container: a frozen one can be asked as well.
    const last = async (): Promise<string> =>
      docker("cp", `${project.name}-${service}-1:/beat`, "-").catch(() => "nothing");
    const before = await last();
    return waitUntil(1_000, async () => !["nothing", before].includes(await last()), { everyMs: 20 });
  };
  const open = opening.move();
  return {
    control: () => project.control(),
    nodes: { ordinary: "kafka-1", parent: "postgres", worker: "spark-worker-1" },
    works: async (name) => (name === "kafka-1" ? answers() : beats(name)),
    // This process is not in the project's network, where names lead to nodes; a load is measured inside the node.
    condition: { node: "spark-worker-1", condition: { kind: "cpu", workers: 1 } },
    absent: [],
    [Symbol.asyncDispose]: async () => open.disposeAsync(),
  };
}

runtimeConformance("a stack of containers", openWorld, await noDocker());
