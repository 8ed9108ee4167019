import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Life, lifeSchema, type LifeStates, type NodeStatus } from "../../contract/node.ts";
import { eventually, docker, noDocker, TestProject } from "./fixture/project.ts";
import type { ComposeNodeControl } from "./node-control.ts";

const why = await noDocker();
const SLEEP = ["sleep", "infinity"];
/** Ends with SIGTERM at once, as process 1 too. */
const SERVICE = ["sh", "-c", "trap exit TERM; while :; do sleep 1 & wait $!; done"];
/** Takes three seconds to obey. */
const SLOW = ["sh", "-c", "trap 'sleep 3; exit' TERM; while :; do sleep 1 & wait $!; done"];
/** A worker that starts another executor when one dies. Its own command line does not have the class's name in one piece. */
const WORKER = [
  "bash",
  "-c",
  `while :; do bash -c 'while :; do sleep 1; done' org.apache.spark.executor."Coarse"GrainedExecutorBackend; done`,
];

/** Of a life whose members are all so. */
const all = (state: "running" | "paused" | "gone", count = 1): LifeStates => ({
  running: 0,
  paused: 0,
  gone: 0,
  [state]: count,
  main: state,
});

describe.skipIf(why !== undefined)(`ComposeNodeControl${why === undefined ? "" : ` (skipped: ${why})`}`, () => {
  let project: TestProject;
  beforeAll(async () => {
    project = await TestProject.start();
    await Promise.all([
      project.service("kafka-1", SERVICE),
      project.service("postgres", SERVICE),
      project.service("spark", SLEEP),
      project.service("spark-worker-1", WORKER),
      project.service("zookeeper", SLOW),
      project.service("spark-master", ["sh", "-c", "sleep 1; exit 3"]),
      project.service("chaos", SLEEP),
      project.service("producer", SLEEP, ["--label", "com.docker.compose.oneoff=True"]),
    ]);
  }, 60_000);
  afterAll(async () => project[Symbol.asyncDispose](), 60_000);

  /** Another instance each time: nothing may depend on what an instance remembers. */
  const control = (): ComposeNodeControl => project.control("no-such-image");
  const nodes = async (): Promise<NodeStatus[]> => control().inventory.nodes();
  const status = async (name: string): Promise<NodeStatus> =>
    (await nodes()).find((node) => node.name === name) as NodeStatus;
  /** As it comes back from a journal. */
  const lifeOf = async (name: string, part: Life["part"] = "node"): Promise<Life> =>
    lifeSchema.parse(JSON.parse(JSON.stringify(await control().lifecycle.lifeOf(name, part))));
  const strike = async (life: Life, blow: "kill" | "stop" | "pause", spread = false): Promise<Life> =>
    control().lifecycle.strike(life, blow, spread);
  const look = async (life: Life): Promise<LifeStates> => control().lifecycle.look(life);
  const release = async (name: string, struck?: Life): Promise<void> =>
    control().lifecycle.release(name, "t/1", struck);

  it("finds nodes by compose's labels, and nothing else", async () => {
    const found = await nodes();
    expect(found.map(({ name, kind }) => `${name} ${kind}`)).toEqual([
      "driver driver",
      "kafka-1 kafka",
      "postgres postgres",
      "spark-master spark-master",
      "spark-worker-1 spark-worker",
      "zookeeper zookeeper",
    ]);
    const life = await lifeOf("kafka-1");
    expect(found[1]).toMatchObject({ state: "running", addresses: { client: "kafka-1:9092" }, life: life.id });
    const { Id, State } = await project.engine.inspect(`${project.name}-kafka-1-1`);
    expect(life).toEqual({
      node: "kafka-1",
      part: "node",
      id: `${Id.slice(0, 12)}@${State.StartedAt}`,
      members: [`${Id} ${State.StartedAt}`],
      text: `container ${Id.slice(0, 12)}`,
    });
    await expect(control().lifecycle.lifeOf("kafka-9", "node")).rejects.toMatchObject({
      code: "FL_USAGE",
      message: expect.stringContaining("kafka-1, postgres") as unknown,
    });
    await expect(look({ ...life, members: ["12 34 boot"] })).rejects.toMatchObject({ code: "FL_JOURNAL_DAMAGED" });
  });

  it("kills a node that Docker then leaves down, until it is released into another life", async () => {
    const before = await status("kafka-1");
    const life = await lifeOf("kafka-1");
    expect(await look(life)).toEqual(all("running"));
    await control().lifecycle.hold("kafka-1");
    expect([await control().lifecycle.holds(), control().lifecycle.holdsExpire]).toEqual([[], expect.any(String)]);
    expect(await strike(life, "kill")).toEqual(life);
    await eventually(
      async () => look(life),
      ({ gone }) => gone === 1,
    );
    // What Docker does with a crash it does within its first backoff of 100 ms (see the crash below).
    await sleep(3_000);
    expect(await status("kafka-1")).toMatchObject({ state: "down", starts: before.starts });
    expect([(await status("kafka-1")).life, await control().lifecycle.lifeOf("kafka-1", "node")]).toEqual([
      undefined,
      undefined,
    ]);
    expect(await strike(life, "kill")).toEqual(life);
    await release("kafka-1", life);
    await release("kafka-1");
    const after = await status("kafka-1");
    expect(after.state).toBe("running");
    expect(after.starts).toBeGreaterThan(before.starts);
    const next = await lifeOf("kafka-1");
    // The same container, started again.
    expect(next.text).toBe(life.text);
    expect(next.id).not.toBe(life.id);
    expect(await look(life)).toEqual(all("gone"));
    await strike(life, "kill");
    expect(await look(next)).toEqual(all("running"));
    expect((await status("kafka-1")).state).toBe("running");
  });

  it("stops a node that obeys", async () => {
    const life = await strike(await lifeOf("postgres"), "stop");
    await eventually(
      async () => status("postgres"),
      ({ state }) => state === "down",
    );
    await release("postgres", life);
    expect((await status("postgres")).state).toBe("running");
  });

  it("starts a node that obeys only after its release, by another instance", async () => {
    const before = await status("zookeeper");
    const life = await strike(await lifeOf("zookeeper"), "stop");
    expect((await status("zookeeper")).life).toBe(before.life);
    await release("zookeeper", life);
    const after = await status("zookeeper");
    expect(after.state).toBe("running");
    expect(after.starts).toBeGreaterThan(before.starts);
  }, 60_000);

  it("pauses and resumes, twice over", async () => {
    const life = await lifeOf("driver");
    for (const round of [1, 2]) expect(await strike(life, "pause", true), `${round}`).toEqual(life);
    expect([await look(life), (await status("driver")).state]).toEqual([all("paused"), "paused"]);
    await release("driver");
    expect(await status("driver")).toMatchObject({ state: "paused", life: life.id });
    const { lifecycle } = control();
    expect([await lifecycle.resume("driver", life), await lifecycle.resume("driver", life)]).toEqual([life, undefined]);
    expect([await look(life), (await status("driver")).state]).toEqual([all("running"), "running"]);
    await strike(life, "pause");
    // Also by whoever does not know the life.
    expect([await lifecycle.resume("driver"), await lifecycle.resume("driver")]).toEqual([life, undefined]);
    expect(await lifecycle.resume("nobody")).toBeUndefined();
  });

  it("kills a node that is paused", async () => {
    const life = await lifeOf("driver");
    await strike(life, "pause");
    await strike(life, "kill");
    await eventually(
      async () => look(life),
      ({ gone }) => gone === 1,
    );
    await release("driver");
    expect((await status("driver")).state).toBe("running");
  });

  it("strikes one executor, and not the next one", async () => {
    const worker = await lifeOf("spark-worker-1");
    await eventually(
      async () => control().lifecycle.lifeOf("spark-worker-1", "executor"),
      (life) => life?.members.length === 1,
    );
    const life = await lifeOf("spark-worker-1", "executor");
    expect(life.text).toMatch(/^pid \d+$/);
    expect(await control().lifecycle.lifeOf("kafka-1", "executor")).toBeUndefined();
    expect(await strike(life, "pause", true)).toEqual(life);
    await eventually(
      async () => look(life),
      ({ paused }) => paused === 1,
    );
    expect(await control().lifecycle.resume("spark-worker-1", life)).toEqual(life);
    expect(await look(life)).toEqual(all("running"));
    expect(await control().lifecycle.resume("spark-worker-1", life)).toBeUndefined();
    expect(await strike(life, "kill", true)).toEqual(life);
    const next = await eventually(
      async () => control().lifecycle.lifeOf("spark-worker-1", "executor"),
      (now) => now !== undefined && now.id !== life.id,
    );
    if (next === undefined) throw new Error("no executor");
    const [pid] = next.members[0]?.split(" ") ?? [];
    // The old start time under the new pid.
    const reused = { ...life, members: life.members.map((member) => member.replace(/^\d+/, pid ?? "")) };
    await strike(reused, "kill");
    expect(await look(reused)).toEqual(all("gone"));
    const both = { ...next, members: [...next.members, ...life.members] };
    expect(await look(both)).toEqual({ running: 1, paused: 0, gone: 1, main: "running" });
    expect(await status("spark-worker-1")).toMatchObject({ state: "running", life: worker.id });
    // Frozen as a whole, its executors are as well; they go on with it.
    await strike(worker, "pause");
    expect(await look(next)).toEqual(all("paused"));
    await control().lifecycle.resume("spark-worker-1", next);
    expect(await look(next)).toEqual(all("running"));
  });

  it("sees a crash: Docker's restart policy brings the node back; while it waits, the node is down and a release does no harm", async () => {
    const before = await status("kafka-1");
    const pid = Number(await docker("inspect", "-f", "{{.State.Pid}}", `${project.name}-kafka-1-1`));
    process.kill(pid, "SIGKILL");
    await eventually(
      async () => status("kafka-1"),
      ({ state, starts }) => state === "running" && starts > before.starts,
    );
    // spark-master here ends again and again, so most of the time Docker waits with it.
    const container = `${project.name}-spark-master-1`;
    await eventually(
      async () => docker("inspect", "-f", "{{.State.Status}}", container),
      (state) => state === "restarting",
      15_000,
    );
    await release("spark-master");
    const down = await eventually(
      async () => status("spark-master"),
      ({ state }) => state === "down",
    );
    expect(down.life).toBeUndefined();
    await release("spark-master");
    await eventually(
      async () => status("spark-master"),
      ({ state, starts }) => state === "running" && starts > down.starts,
      15_000,
    );
  });
});
