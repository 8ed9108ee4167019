import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { NodeStatus, ProcessIdentity } from "../../contract/node.ts";
import { eventually, docker, noDocker, TestProject } from "./fixture/project.ts";
import type { ComposeNodeControl } from "./node-control.ts";

const why = await noDocker();
const SLEEP = ["sleep", "infinity"];
/** Ends with SIGTERM at once, as process 1 too. */
const SERVICE = ["sh", "-c", "trap exit TERM; while :; do sleep 1 & wait $!; done"];
/** Takes three seconds to obey. */
const SLOW = ["sh", "-c", "trap 'sleep 3; exit' TERM; while :; do sleep 1 & wait $!; done"];
/** A worker that starts another executor when one dies. Its own command line does not have the class's name in one piece. */
const WORKER = ["bash", "-c", `while :; do bash -c 'while :; do sleep 1; done' org.apache.spark.executor."Coarse"GrainedExecutorBackend; done`];

describe.skipIf(why !== undefined)(`ComposeNodeControl${why === undefined ? "" : ` (skipped: ${why})`}`, () => {
  let project: TestProject;
  let control: ComposeNodeControl;
  beforeAll(async () => {
    project = await TestProject.start();
    control = project.control("no-such-image");
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

  const status = async (name: string): Promise<NodeStatus> => (await control.nodes()).find((node) => node.name === name) as NodeStatus;
  const struck = async (name: string): Promise<ProcessIdentity[]> => control.processes(name);

  it("finds nodes by compose's labels, and nothing else", async () => {
    const nodes = await control.nodes();
    expect(nodes.map(({ name, kind }) => `${name} ${kind}`)).toEqual([
      "driver driver",
      "kafka-1 kafka",
      "postgres postgres",
      "spark-master spark-master",
      "spark-worker-1 spark-worker",
      "zookeeper zookeeper",
    ]);
    expect(nodes[1]).toMatchObject({ state: "running", addresses: { client: "kafka-1:9092" }, process: { pid: 1, start_ticks: 0 } });
    await expect(control.processes("kafka-9")).rejects.toMatchObject({ code: "FL_USAGE", message: expect.stringContaining("kafka-1, postgres") as unknown });
  });

  it("kills a node that Docker then leaves down, until it is released into another life", async () => {
    const before = await status("kafka-1");
    const processes = await struck("kafka-1");
    expect(await control.processStates(processes)).toEqual(["running"]);
    await control.hold("kafka-1");
    expect(await control.signal(processes, "SIGKILL")).toEqual(processes);
    await eventually(
      async () => control.processStates(processes),
      ([state]) => state === "gone",
    );
    // What Docker does with a crash it does within its first backoff of 100 ms (see the crash below).
    await sleep(3_000);
    expect(await status("kafka-1")).toMatchObject({ state: "down", starts: before.starts });
    expect(await control.signal(processes, "SIGKILL")).toEqual([]);
    await control.release("kafka-1");
    await control.release("kafka-1");
    const after = await status("kafka-1");
    expect(after.state).toBe("running");
    expect(after.starts).toBeGreaterThan(before.starts);
    expect(after.process?.container?.id).toBe(before.process?.container?.id);
    expect(after.process?.container?.started_at).not.toBe(before.process?.container?.started_at);
    expect([await control.processStates(processes), await control.signal(processes, "SIGKILL")]).toEqual([["gone"], []]);
    expect((await status("kafka-1")).state).toBe("running");
  });

  it("stops a node that obeys", async () => {
    const processes = await struck("postgres");
    await control.signal(processes, "SIGTERM");
    await eventually(
      async () => status("postgres"),
      ({ state }) => state === "down",
    );
    await control.release("postgres");
    expect((await status("postgres")).state).toBe("running");
  });

  it("starts a node that obeys only after its release", async () => {
    const before = await status("zookeeper");
    await control.signal(await struck("zookeeper"), "SIGTERM");
    expect((await status("zookeeper")).process).toEqual(before.process);
    await control.release("zookeeper");
    const after = await status("zookeeper");
    expect(after.state).toBe("running");
    expect(after.starts).toBeGreaterThan(before.starts);
  }, 60_000);

  it("pauses and resumes, twice over", async () => {
    const processes = await struck("driver");
    for (const round of [1, 2]) expect(await control.signal(processes, "SIGSTOP"), `${round}`).toEqual(processes);
    expect([await control.processStates(processes), (await status("driver")).state]).toEqual([["stopped"], "paused"]);
    await control.release("driver");
    expect((await status("driver")).state).toBe("paused");
    for (const round of [1, 2]) expect(await control.signal(processes, "SIGCONT"), `${round}`).toEqual(processes);
    expect([await control.processStates(processes), (await status("driver")).state]).toEqual([["running"], "running"]);
  });

  it("kills a node that is paused", async () => {
    const processes = await struck("driver");
    await control.signal(processes, "SIGSTOP");
    await control.signal(processes, "SIGKILL");
    await eventually(
      async () => control.processStates(processes),
      ([state]) => state === "gone",
    );
    await control.release("driver");
    expect((await status("driver")).state).toBe("running");
  });

  it("strikes one executor, and not the next one", async () => {
    const listed = await eventually(
      async () => control.processes("spark-worker-1", "executor"),
      ({ length }) => length === 1,
    );
    expect(await control.processes("kafka-1", "executor")).toEqual([]);
    await control.signal(listed, "SIGSTOP");
    await eventually(
      async () => control.processStates(listed),
      ([state]) => state === "stopped",
    );
    await control.signal(listed, "SIGCONT");
    expect(await control.processStates(listed)).toEqual(["running"]);
    expect(await control.signal(listed, "SIGKILL")).toEqual(listed);
    const next = await eventually(
      async () => control.processes("spark-worker-1", "executor"),
      ([first]) => first !== undefined && first.pid !== listed[0]?.pid,
    );
    const reused = listed.map((old) => ({ ...old, pid: next[0]?.pid ?? 0 }));
    expect([await control.signal(reused, "SIGKILL"), await control.processStates(reused)]).toEqual([[], ["gone"]]);
    expect(await control.processStates([...next, ...listed])).toEqual(["running", "gone"]);
    expect((await status("spark-worker-1")).state).toBe("running");
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
    await control.release("spark-master");
    const down = await eventually(
      async () => status("spark-master"),
      ({ state }) => state === "down",
    );
    expect(down.process).toBeUndefined();
    await control.release("spark-master");
    await eventually(
      async () => status("spark-master"),
      ({ state, starts }) => state === "running" && starts > down.starts,
      15_000,
    );
  });
});
