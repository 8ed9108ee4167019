import { join } from "node:path";
import { FaultlineError } from "../../contract/errors.ts";
import { RUN_FILES } from "../../contract/run.ts";
import type { Place } from "../place.ts";
import type { Runtime } from "../runtime.ts";
import { composeEnvironment } from "./environment.ts";
import { ComposePower } from "./host/power.ts";
import { ComposeRelay } from "./host/relay.ts";
import { ComposeNodeControl, type ComposeOptions } from "./node-control.ts";
import { ComposeProducer } from "./producer.ts";
import { findStack } from "./stack.ts";
import { describeStack } from "./describe.ts";

const SOCKET = "/var/run/docker.sock";
const PRODUCER_REMEDY =
  "docker compose up -d producer (its rate is PRODUCER_RATE in .env); docker compose stop producer";

/** Whether this process runs in one of the stack's containers: their images say so. */
export function insideCompose(environment: Place["environment"]): boolean {
  return environment["FAULTLINE_INSIDE"] === "compose";
}

/**
 * The checkout's stack of containers, from outside: it is brought up and taken down here. The nodes' names mean something only in
 * the stack's network, so commands that need nodes go through the relay; find() finds no stack, and describe() is an error.
 */
export function composeRuntime(place: Place): Runtime {
  const relay = new ComposeRelay(place);
  return {
    name: "compose",
    find: () => undefined,
    describe: async () => {
      throw new FaultlineError("FL_USAGE", "nodes in containers answer only inside their network", {
        remedy: "docker compose run --rm chaos status; or: docker compose ps --all",
      });
    },
    power: new ComposePower(place),
    control: {
      absent: "nodes in containers can be reached only inside their network",
      remedy: "docker compose run --rm chaos ...",
    },
    producer: {
      absent: "in a stack of containers the producer is a service of its own",
      remedy: PRODUCER_REMEDY,
    },
    relay,
  };
}

/**
 * The same stack, seen by one of its containers. Who only validates needs no Docker: the project's name is asked for when nodes are.
 * @throws FaultlineError FL_CONFIG_INVALID from its members, where a variable of docker-compose.yml is missing
 */
export function composeRuntimeInside({ environment }: Place): Runtime {
  const control = (topic = ""): ComposeNodeControl => new ComposeNodeControl(optionsOf(environment, topic));
  const producer = (): ComposeProducer =>
    new ComposeProducer(control(), join(optionsOf(environment).runDirectory, RUN_FILES.producerStatus));
  return {
    name: "compose",
    find: () => findStack(environment),
    describe: async () => describeStack(optionsOf(environment), findStack(environment)),
    power: {
      absent: "a stack of containers is brought up and taken down from the host",
      remedy: "docker compose up -d; docker compose down",
    },
    control: { nodes: control },
    producer: {
      start: async (options) => producer().start(options),
      stop: async () => producer().stop(),
      isDone: async () => producer().isDone(),
    },
    relay: { absent: "this is a container of the stack already", remedy: "run the command itself" },
  };
}

/** @throws FaultlineError FL_CONFIG_INVALID */
function optionsOf(environment: Place["environment"], topic = ""): ComposeOptions {
  const project = environment["FAULTLINE_PROJECT"];
  if (project === undefined || project === "")
    throw new FaultlineError(
      "FL_CONFIG_INVALID",
      "FAULTLINE_PROJECT is not set: this is not the stack's chaos container",
      { remedy: "docker compose run --rm chaos ..." },
    );
  const { postgres, runsDirectory } = composeEnvironment(environment);
  return {
    project,
    socketPath: SOCKET,
    toolsImage: environment["FAULTLINE_TOOLS_IMAGE"] ?? `${project}-chaos`,
    runDirectory: findStack(environment)?.run_directory ?? join(runsDirectory, "current"),
    topic,
    postgres,
  };
}
