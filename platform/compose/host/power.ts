import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { FaultlineError } from "../../../contract/errors.ts";
import type { Place } from "../../place.ts";
import type { PlannedNode, Power, UpRequest, Work } from "../../runtime.ts";
import { nodeOfService } from "../engine/containers.ts";
import { ALL_PROFILES, ask, compose, type ComposeConfig, composeConfig, composeIsUp, TOOLS } from "./docker-compose.ts";
import { checkPipeline, composeVariables } from "./up-request.ts";

const WAIT_TIMEOUT_S = 300;
/** The service of the second driver. */
const STANDBY = "spark-standby";
const fileSchema = z.object({ services: z.record(z.string(), z.unknown()) });

/** Brings the checkout's compose project up and takes it down, with docker compose's own commands. */
export class ComposePower implements Power {
  readonly #place: Place;

  constructor(place: Place) {
    this.#place = place;
  }

  /**
   * The services of docker-compose.yml that are nodes; the standby driver only if it is asked for. ZooKeeper is among them whatever the coordination: Spark's masters use it.
   * Which faults a node can't suffer, only the kernel and the images can tell, once the stack is up: see Conditions.unavailable.
   */
  plannedNodes({ standby }: Pick<UpRequest, "standby">): PlannedNode[] {
    const text = readFileSync(join(this.#place.root, "docker-compose.yml"), "utf8");
    const { services } = fileSchema.parse(parse(text));
    return Object.keys(services).flatMap((service) => {
      const node = nodeOfService(service);
      return node === undefined || (service === STANDBY && standby !== true)
        ? []
        : [{ name: node.name, kind: node.kind, unavailable: {} }];
    });
  }

  async check(request: UpRequest, mode: "new" | "repair"): Promise<void> {
    const { root } = this.#place;
    const variables = composeVariables(root, request);
    const config = composeConfig(this.#place, variables);
    checkPipeline(root, config);
    if (mode === "new") this.#checkNothingIsHere(config);
  }

  /** Builds every image, those of the tools too; starts everything and waits until each service is healthy. */
  async up(request: UpRequest, { onProgress, signal }: Work): Promise<void> {
    const variables = composeVariables(this.#place.root, request);
    onProgress("building images and starting containers");
    await compose(this.#place, [...TOOLS, "build"], { signal, variables });
    const wait = ["--wait", "--wait-timeout", `${WAIT_TIMEOUT_S}`];
    await compose(this.#place, ["up", "--detach", ...wait], { signal, variables });
    if (request.standby !== true) return;
    onProgress("starting the standby driver");
    // A service that is named is started, whatever its profile.
    await compose(this.#place, ["up", "--detach", ...wait, STANDBY], { signal, variables });
  }

  /** Also after an interruption: this is the cleaning up. */
  async down({ volumes }: { volumes: boolean }, { onProgress }: Work): Promise<void> {
    onProgress("stopping the containers");
    await compose(this.#place, [...ALL_PROFILES, "down", "--remove-orphans", ...(volumes ? ["--volumes"] : [])]);
  }

  /** @throws FaultlineError FL_STACK_BUSY */
  #checkNothingIsHere({ name }: ComposeConfig): void {
    const filter = ["--quiet", "--filter", `label=com.docker.compose.project=${name}`];
    const found = composeIsUp(this.#place)
      ? "a stack of containers is here already"
      : ask(this.#place, ["volume", "ls", ...filter]).output.trim() !== ""
        ? "the volumes of an earlier stack of containers are here"
        : undefined;
    if (found === undefined) return;
    throw new FaultlineError("FL_STACK_BUSY", `${found}, and a new stack starts from nothing`, {
      remedy: "docker compose down -v, then again",
    });
  }
}
