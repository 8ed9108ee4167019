import { describe, expect, it } from "vitest";
import type { Conditions, Lifecycle, NodeControl, NodeStatus } from "../../contract/node.ts";
import { makePlan } from "./plan.ts";
import { unavailableFaults } from "./unavailable-faults.ts";

const node = (name: string, kind: NodeStatus["kind"], lacks?: NodeStatus["lacks"]): NodeStatus => ({
  name,
  kind,
  state: "running",
  starts: 1,
  addresses: {},
  log: "",
  ...(lacks !== undefined && { lacks }),
});

const unavailable: Conditions["unavailable"] = async (name, kind) =>
  kind === "delay" && name !== "kafka-1" ? `${name} has no proxy` : undefined;

/** Only what is asked of a control before a plan. */
function control(nodes: NodeStatus[], absent: { lifecycle?: string; conditions?: string } = {}): NodeControl {
  return {
    inventory: { nodes: () => Promise.resolve(nodes) } as NodeControl["inventory"],
    lifecycle: absent.lifecycle === undefined ? ({} as Lifecycle) : { absent: absent.lifecycle },
    conditions: absent.conditions === undefined ? ({ unavailable } as Conditions) : { absent: absent.conditions },
    failover: { absent: "no standby" },
  };
}

const BROKERS = [node("kafka-1", "kafka"), node("kafka-2", "kafka")];

describe("unavailableFaults", () => {
  it("finds nothing against a fault that can be done", async () => {
    expect(await unavailableFaults(control(BROKERS), ["kill", "isolate"])).toEqual([
      { name: "kafka-1", kind: "kafka", unavailable: {} },
      { name: "kafka-2", kind: "kafka", unavailable: {} },
    ]);
  });

  it("gives the reason of the runtime, to faults of the absent capability alone", async () => {
    const nodes = await unavailableFaults(control(BROKERS, { lifecycle: "nodes may only be observed" }), [
      "pause",
      "cpu",
    ]);
    expect(nodes.map(({ unavailable }) => unavailable)).toEqual([
      { pause: "nodes may only be observed" },
      { pause: "nodes may only be observed" },
    ]);
    const [first] = await unavailableFaults(control(BROKERS, { conditions: "no namespaces" }), ["pause", "cpu"]);
    expect(first?.unavailable).toEqual({ cpu: "no namespaces" });
  });

  it("gives the reason of one node, and of a condition on one node", async () => {
    const lacks = { lifecycle: "not ours to stop", conditions: "not ours to cut" };
    const nodes = await unavailableFaults(control([...BROKERS, node("postgres", "postgres", lacks)]), [
      "stop",
      "delay",
    ]);
    expect(nodes.map(({ unavailable }) => unavailable)).toEqual([
      {},
      { delay: "kafka-2 has no proxy" },
      { stop: "not ours to stop", delay: "not ours to cut" },
    ]);
  });

  it("asks for the faults that a plan draws unasked, and leaves out nodes that may not be struck", async () => {
    const nodes = await unavailableFaults(
      control(BROKERS, { lifecycle: "no" }),
      undefined,
      ({ name }) => name !== "kafka-1",
    );
    expect(nodes).toEqual([
      { name: "kafka-2", kind: "kafka", unavailable: { kill: "no", stop: "no", pause: "no", restart: "no" } },
    ]);
  });

  it("makes a plan say why it has nothing to draw, each reason once", async () => {
    const lifecycle = "nodes may only be observed";
    const request = { seed: 1, durationMs: 60_000, intervalMs: 10_000, partitions: 1 };
    const nodes = await unavailableFaults(control(BROKERS, { lifecycle }));
    expect(() => makePlan({ ...request, nodes })).toThrow(
      "none of the faults kill, stop, pause, restart can be done here: kafka-1, kafka-2: nodes may only be observed",
    );
    expect(() => makePlan({ ...request, nodes, kinds: ["kill"], targets: ["kafka"] })).toThrow(
      "kill can't be done to kafka here: kafka-1, kafka-2: nodes may only be observed",
    );
  });
});
