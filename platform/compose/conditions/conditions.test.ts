import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Condition } from "../../../contract/node.ts";
import { roundTripMs } from "../../protocol/round-trip.ts";
import { connectMs } from "./measure.ts";
import { nodeContainers, nodeNamed } from "../engine/containers.ts";
import { docker, eventually, noDocker, TestProject } from "../fixture/project.ts";
import type { ComposeLifecycle } from "../lifecycle.ts";
import type { ComposeConditions } from "./conditions.ts";

const why = await noDocker();
const SLEEP = ["sleep", "infinity"];
/** Answers whatever comes, at once; bound to all addresses, as a broker is. */
const SERVER = [
  "node",
  "-e",
  `require("net").createServer((s) => s.on("error", () => {}).on("data", () => s.write("!"))).listen(9092, "0.0.0.0")`,
];
const LEASE_MS = 60_000;

describe.skipIf(why !== undefined)(`conditions${why === undefined ? "" : ` (skipped: ${why})`}`, () => {
  let project: TestProject;
  let conditions: ComposeConditions;
  let lifecycle: ComposeLifecycle;
  beforeAll(async () => {
    project = await TestProject.start();
    ({ conditions, lifecycle } = project.control());
    await project.buildTools();
    await Promise.all([
      project.service("kafka-1", SERVER, [], project.toolsImage),
      project.service("producer", SLEEP),
      project.service("spark-worker-1", SLEEP, ["--memory", "256m"]),
    ]);
    await eventually(
      async () => asked(),
      (ms) => ms !== null,
    );
  }, 120_000);
  afterAll(async () => project[Symbol.asyncDispose](), 60_000);

  /** As a client outside the node's namespace. */
  const asked = async (timeoutMs = 1_000): Promise<number | null> =>
    roundTripMs("kafka", `${await project.address("kafka-1")}:9092`, timeoutMs);
  const impose = async (node: string, tag: string, condition: Condition, leaseMs = LEASE_MS): Promise<void> =>
    conditions.impose(node, tag, condition, leaseMs);
  const rulesOf = async (service: string): Promise<string> =>
    docker(
      "run",
      "--rm",
      "--network",
      `container:${project.name}-${service}-1`,
      "--cap-add",
      "NET_ADMIN",
      project.toolsImage,
      "nft",
      "list",
      "tables",
    );
  const killFaultContainer = async (): Promise<void> => {
    const [beside] = await project.engine.list([`faultline.project=${project.name}`]);
    await project.engine.kill(beside?.Id ?? "", "SIGKILL");
    await eventually(
      async () => conditions.list(),
      ({ length }) => length === 0,
    );
  };

  it("disconnect: no address, no name; lift gives both back, from any process", async () => {
    expect(await conditions.unavailable("producer", "disconnect")).toBeUndefined();
    const nodes = await nodeContainers(project.engine, project.name);
    // The producer is what asks; that it reaches the broker by name, under any of its names, is what has to come back.
    const reach = async (): Promise<number | null> =>
      connectMs(project.engine, nodeNamed(nodes, project.name, "producer"), ["kafka-1:9092"]);
    expect(await reach()).not.toBeNull();
    expect(await conditions.measure("producer", "disconnect")).not.toBeNull();
    await impose("kafka-1", "d1", { kind: "disconnect" });
    expect(await conditions.list()).toEqual([{ node: "kafka-1", tag: "d1", kind: "disconnect" }]);
    expect([
      await project.address("kafka-1"),
      await reach(),
      await conditions.measure("producer", "disconnect"),
    ]).toEqual(["", null, null]);
    expect(await conditions.unavailable("kafka-1", "disconnect")).toContain("is not on the network");
    await conditions.lift("kafka-1", "d1");
    await conditions.lift("kafka-1", "d1");
    expect([await conditions.list(), await reach()]).toEqual([[], expect.any(Number)]);

    await docker("network", "disconnect", project.network, `${project.name}-kafka-1-1`);
    expect(await conditions.list()).toEqual([{ node: "kafka-1", tag: "", kind: "disconnect" }]);
    await conditions.lift("kafka-1", "");
    expect([await conditions.list(), await reach()]).toEqual([[], expect.any(Number)]);
  }, 60_000);

  it("isolate: nobody gets through, nobody is told; lift ends it, and what a killed fault container left", async () => {
    expect(await conditions.unavailable("kafka-1", "isolate")).toBeUndefined();
    expect(await asked()).not.toBeNull();
    await impose("kafka-1", "i1", { kind: "isolate" });
    expect([await asked(), await conditions.list()]).toEqual([null, [{ node: "kafka-1", tag: "i1", kind: "isolate" }]]);
    await expect(impose("kafka-1", "i1", { kind: "isolate" })).rejects.toThrow(/409|Conflict/);
    expect(await asked()).toBeNull();
    await conditions.lift("kafka-1", "i1");
    expect([await asked(), await conditions.list(), await rulesOf("kafka-1")]).toEqual([
      expect.any(Number),
      [],
      "table ip nat",
    ]);

    await impose("kafka-1", "i2", { kind: "isolate" });
    await killFaultContainer();
    expect(await asked()).toBeNull();
    await conditions.lift("kafka-1", "i2");
    expect([await asked(), await rulesOf("kafka-1")]).toEqual([expect.any(Number), "table ip nat"]);
  }, 60_000);

  it("isolate ends with its lease though nobody is left to end it", async () => {
    const beganMs = Date.now();
    await impose("kafka-1", "i3", { kind: "isolate" }, 5_000);
    await killFaultContainer();
    expect(await asked(500)).toBeNull();
    await eventually(
      async () => asked(500),
      (ms) => ms !== null,
      20_000,
    );
    expect(Date.now() - beganMs).toBeGreaterThan(4_900);
    await conditions.lift("kafka-1", "i3");
  }, 60_000);

  it("delay: clients are turned to it, those that are connected too; lift turns them back", async () => {
    expect(await conditions.unavailable("kafka-1", "delay")).toBeUndefined();
    expect(await conditions.unavailable("producer", "delay")).toMatch(
      /no netem .* only the clients of kafka and postgres/,
    );
    const nodes = await nodeContainers(project.engine, project.name);
    const client = `exec 3<>/dev/tcp/kafka-1/9092; while echo x >&3 && read -rn1 -t5 _ <&3; do sleep 0.1; done; echo reset`;
    const connected = project.engine.exec(
      nodeNamed(nodes, project.name, "producer").inspect.Id,
      ["bash", "-c", client],
      30_000,
    );
    await sleep(500);
    await impose("kafka-1", "y1", { kind: "delay", delay_ms: 300, jitter_ms: 50 });
    expect((await connected).stdout.trim()).toBe("reset");
    expect(await conditions.list()).toEqual([{ node: "kafka-1", tag: "y1", kind: "delay" }]);
    for (let i = 0; i < 3; i++) expect(await asked(5_000)).toBeGreaterThan(249);
    await conditions.lift("kafka-1", "y1");
    expect(await asked(5_000)).toBeLessThan(200);
    expect([await conditions.list(), await rulesOf("kafka-1")]).toEqual([[], "table ip nat"]);

    await impose("kafka-1", "y2", { kind: "delay", delay_ms: 300, jitter_ms: 0 });
    await killFaultContainer();
    await conditions.lift("kafka-1", "y2");
    expect([await asked(), await rulesOf("kafka-1")]).toEqual([expect.any(Number), "table ip nat"]);
  }, 60_000);

  it("cpu and memory: measured while they are there, and lifted one by one", async () => {
    const node = "spark-worker-1";
    expect([await conditions.unavailable(node, "cpu"), await conditions.unavailable(node, "memory")]).toEqual([
      undefined,
      undefined,
    ]);
    expect([await conditions.measure(node, "cpu"), await conditions.measure(node, "memory")]).toEqual([0, 0]);
    await impose(node, "m.1", { kind: "memory", mib: 64 });
    await impose(node, "c1", { kind: "cpu", workers: 2 });
    expect(await conditions.list()).toEqual(
      expect.arrayContaining([
        { node, tag: "m.1", kind: "memory" },
        { node, tag: "c1", kind: "cpu" },
      ]),
    );
    await eventually(
      async () => conditions.measure(node, "memory"),
      (mib) => mib !== null && mib > 63 && mib < 70,
    );
    expect(await conditions.measure(node, "cpu")).toBeGreaterThan(0.05);
    await conditions.lift(node, "c1");
    expect([await conditions.measure(node, "cpu"), await conditions.list()]).toEqual([
      0,
      [{ node, tag: "m.1", kind: "memory" }],
    ]);
    await conditions.lift(node, "m.1");
    await conditions.lift(node, "m.1");
    expect([await conditions.measure(node, "memory"), await conditions.list()]).toEqual([0, []]);
    const { stdout } = await project.engine.exec((await project.engine.inspect(`${project.name}-${node}-1`)).Id, [
      "sh",
      "-c",
      "grep -h State /proc/[0-9]*/status",
    ]);
    expect(stdout).not.toContain("zombie");
  }, 60_000);

  it("load ends with its lease", async () => {
    await impose("spark-worker-1", "c2", { kind: "cpu", workers: 1 }, 2_000);
    expect(await conditions.list()).toHaveLength(1);
    await eventually(
      async () => conditions.list(),
      ({ length }) => length === 0,
      15_000,
    );
    expect(await conditions.measure("spark-worker-1", "cpu")).toBe(0);
  }, 60_000);

  it("names what is missing", async () => {
    const other = project.control("faultline-no/such-image").conditions;
    expect(await other.unavailable("kafka-1", "isolate")).toContain("no image faultline-no/such-image");
    await expect(other.impose("kafka-1", "x", { kind: "isolate" }, 1_000)).rejects.toMatchObject({
      code: "FL_FAULT_UNAVAILABLE",
    });
    const life = await lifecycle.lifeOf("producer", "node");
    if (life !== undefined) await lifecycle.strike(life, "kill", false);
    await eventually(
      async () => lifecycle.lifeOf("producer", "node"),
      (now) => life !== undefined && now === undefined,
    );
    expect(await conditions.unavailable("producer", "cpu")).toBe("producer is down");
    await conditions.lift("producer", "any");
    await lifecycle.release("producer", "any");
  }, 60_000);
});
