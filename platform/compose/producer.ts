import { FaultlineError } from "../../contract/errors.ts";
import type { NodeStatus } from "../../contract/node.ts";
import { waitUntil } from "../../machine/clock.ts";
import { readProducerStatus } from "../protocol/node-readiness.ts";
import type { ProducerControl, ProducerOptions } from "../runtime.ts";
import type { ComposeNodeControl } from "./node-control.ts";

const NAME = "producer";
/** The producer's own drain takes up to 10 s, a send's deadline 30 s. */
const STOP_TIMEOUT_MS = 45_000;

/** The producer of a compose project: a service like the others, whose numbers docker compose has. */
export class ComposeProducer implements ProducerControl {
  readonly #control: ComposeNodeControl;
  readonly #statusFile: string;

  constructor(control: ComposeNodeControl, statusFile: string) {
    this.#control = control;
    this.#statusFile = statusFile;
  }

  /**
   * Starts the container again if it is down. Its rate is docker compose's (PRODUCER_RATE), whatever is asked for here.
   * @throws FaultlineError FL_USAGE for an end, or for a batch's time, since no container can be told them
   */
  async start({ untilTotal, untilMs, lingerMs }: ProducerOptions): Promise<void> {
    if (untilTotal !== undefined || untilMs !== undefined || lingerMs !== undefined)
      throw new FaultlineError("FL_USAGE", "the producer of a stack of containers takes no options", {
        remedy: "docker compose up -d producer (its rate is PRODUCER_RATE in .env); docker compose stop producer",
      });
    await this.#control.lifecycle.release(NAME, "");
  }

  async stop(): Promise<void> {
    const { lifecycle } = this.#control;
    const node = await this.#node();
    const life = node === undefined ? undefined : await lifecycle.lifeOf(NAME, "node");
    if (life === undefined) return;
    await lifecycle.strike(life, "stop", false);
    const isDown = async (): Promise<boolean> => [undefined, "down"].includes((await this.#node())?.state);
    if (await waitUntil(STOP_TIMEOUT_MS, isDown, { everyMs: 200 })) return;
    throw new FaultlineError("FL_NOT_READY", `the producer did not end within ${STOP_TIMEOUT_MS / 1000} s`);
  }

  async isDone(): Promise<boolean> {
    const [node, status] = [await this.#node(), readProducerStatus(this.#statusFile)];
    if (status === undefined) return false;
    // An earlier life may have left this file.
    if (node !== undefined && node.state !== "down" && status.at_ms <= node.starts) return false;
    if (status.state === "failed")
      throw new FaultlineError("FL_NODE_FAILED", `the producer can't go on: ${status.error}`);
    return status.state === "done";
  }

  async #node(): Promise<NodeStatus | undefined> {
    return (await this.#control.inventory.nodes()).find(({ name }) => name === NAME);
  }
}
