import { createHash } from "node:crypto";
import { FaultlineError } from "../../../contract/errors.ts";
import { CONDITION_KINDS, type ConditionKind } from "../../../contract/node.ts";
import type { ContainerInspect, EngineApi } from "../engine/engine-api.ts";
import { isStatus } from "../engine/engine-api.ts";
import { readOutput } from "../engine/engine-stream.ts";

const READY_TIMEOUT_MS = 10_000;
/** A fault container has this long to take its rules away; a delay's proxy ends its connections meanwhile. */
const STOP_TIMEOUT_S = 5;
const READY = "ready\n";

const LABEL = {
  project: "faultline.project",
  node: "faultline.node",
  tag: "faultline.tag",
  kind: "faultline.kind",
  note: "faultline.note",
} as const;

export type FaultLabels = { node: string; tag: string; kind: ConditionKind | "sweep" | "probe" };
export type FaultContainer = FaultLabels & { id: string; running: boolean; note: string | undefined };

/** A name for what a tag leaves in a kernel: short, and of letters that every tool takes. */
export function shortHash(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 10);
}

/**
 * Containers of the tools image beside a node, in its network namespace: what they change there goes away with it, and they hold no file of it.
 * Everything that a later caller must know stands in their labels.
 */
export class FaultContainers {
  readonly #engine: EngineApi;
  readonly #project: string;
  readonly #image: string;

  constructor(engine: EngineApi, project: string, image: string) {
    this.#engine = engine;
    this.#project = project;
    this.#image = image;
  }

  async list(node?: string, tag?: string): Promise<FaultContainer[]> {
    const labels = [`${LABEL.project}=${this.#project}`];
    if (node !== undefined) labels.push(`${LABEL.node}=${node}`);
    if (tag !== undefined) labels.push(`${LABEL.tag}=${tag}`);
    return (await this.#engine.list(labels)).map(({ Id, Labels, State }) => ({
      id: Id,
      node: Labels[LABEL.node] ?? "",
      tag: Labels[LABEL.tag] ?? "",
      kind: kindOf(Labels[LABEL.kind]),
      note: Labels[LABEL.note],
      running: State === "running",
    }));
  }

  /**
   * Starts a program beside a node, which goes on by itself; returns when it has printed a line "ready".
   * @throws FaultlineError FL_FAULT_UNAVAILABLE with what it printed instead; nothing is left then
   */
  async startBeside(container: ContainerInspect, labels: FaultLabels, argv: string[]): Promise<void> {
    const id = await this.#create(labels, argv, `container:${container.Id}`);
    try {
      const output = await this.#run(id, (stdout) => stdout.endsWith(READY));
      if (output.stdout.endsWith(READY)) return;
      throw new Error(output.stderr.trim() || output.stdout.trim() || "it ended without a word");
    } catch (error) {
      await this.#engine.stop(id, STOP_TIMEOUT_S).catch(() => {});
      await this.discard(id);
      throw new FaultlineError(
        "FL_FAULT_UNAVAILABLE",
        `${labels.kind} on ${labels.node}: ${(error as Error).message}`,
        { cause: error },
      );
    }
  }

  /** Runs a program to its end, beside a node or in a network namespace of its own. @returns what it printed */
  async runOnce(beside: ContainerInspect | undefined, labels: FaultLabels, argv: string[]): Promise<string> {
    const id = await this.#create(labels, argv, beside === undefined ? "none" : `container:${beside.Id}`);
    try {
      const { stdout, stderr } = await this.#run(id);
      return `${stdout}${stderr}`;
    } finally {
      await this.discard(id);
    }
  }

  /** A container that is never started: a note about a node, in the engine's keeping. */
  async leaveNote(container: ContainerInspect, labels: FaultLabels, note: string): Promise<void> {
    await this.#engine.create(this.#name(labels), {
      Image: container.Image,
      Entrypoint: ["none"],
      Labels: { ...this.#labels(labels), [LABEL.note]: note },
    });
  }

  /** Asks it to take away what it did. @returns whether it said, by its exit code 0, that nothing is left */
  async stop(id: string): Promise<boolean> {
    try {
      const removed = await this.#engine.waitRemoved(id, STOP_TIMEOUT_S * 1000 + READY_TIMEOUT_MS);
      await this.#engine.stop(id, STOP_TIMEOUT_S);
      return (await removed.exitCode) === 0;
    } catch (error) {
      if (isStatus(error, 404)) return false;
      throw error;
    }
  }

  async discard(id: string): Promise<void> {
    try {
      await this.#engine.remove(id);
    } catch (error) {
      // 409: its removal is under way.
      if (!isStatus(error, 404, 409)) throw error;
    }
  }

  async #create(labels: FaultLabels, argv: string[], network: string): Promise<string> {
    return this.#engine.create(this.#name(labels), {
      Image: this.#image,
      Entrypoint: argv,
      User: "0:0",
      Labels: this.#labels(labels),
      HostConfig: { NetworkMode: network, CapAdd: ["NET_ADMIN"], AutoRemove: true },
    });
  }

  async #run(
    id: string,
    enough: (stdout: string) => boolean = () => false,
  ): Promise<{ stdout: string; stderr: string }> {
    // Attached before the start: of a short life nothing is missed.
    const stream = await this.#engine.attach(id, READY_TIMEOUT_MS * 2);
    const output = readOutput(stream, READY_TIMEOUT_MS, ({ stdout }) => enough(stdout));
    output.catch(() => {});
    await this.#engine.start(id);
    return output;
  }

  #labels({ node, tag, kind }: FaultLabels): Record<string, string> {
    return { [LABEL.project]: this.#project, [LABEL.node]: node, [LABEL.tag]: tag, [LABEL.kind]: kind };
  }

  /** One condition of a tag on a node has one name, so Docker itself refuses a second; sweeps and probes may cross. */
  #name({ node, tag, kind }: FaultLabels): string {
    const lasting = CONDITION_KINDS.some((item) => item === kind);
    return `${this.#project}-faultline-${kind}-${node}-${shortHash(tag)}${lasting ? "" : `-${crypto.randomUUID().slice(0, 8)}`}`;
  }
}

function kindOf(label: string | undefined): FaultLabels["kind"] {
  return CONDITION_KINDS.find((item) => item === label) ?? (label === "probe" ? "probe" : "sweep");
}
