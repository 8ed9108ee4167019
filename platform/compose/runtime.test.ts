import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isAbsent, required } from "../../contract/capability.ts";
import type { Run } from "../../contract/run.ts";
import type { Runtime } from "../runtime.ts";
import { composeRuntime, composeRuntimeInside, insideCompose } from "./runtime.ts";

const ROOT = resolve(import.meta.dirname, "../..");
let runs: string;
beforeAll(() => {
  runs = realpathSync(mkdtempSync(join(tmpdir(), "faultline-runs-")));
});
afterAll(() => rmSync(runs, { recursive: true }));

describe("composeRuntime, on the host", () => {
  const runtime = composeRuntime({ root: ROOT, stateDir: ROOT, runsDir: ROOT, environment: {} });

  it("knows the nodes that docker-compose.yml makes", () => {
    const planned = required(runtime.power).plannedNodes({ coordination: "kraft" });
    expect(planned.map(({ name, kind }) => `${name} ${kind}`).toSorted()).toEqual([
      "driver driver",
      "kafka-1 kafka",
      "kafka-2 kafka",
      "kafka-3 kafka",
      "monitor monitor",
      "postgres postgres",
      "producer producer",
      "spark-master spark-master",
      "spark-master-2 spark-master",
      "spark-worker-1 spark-worker",
      "spark-worker-2 spark-worker",
      "zookeeper zookeeper",
    ]);
    expect(required(runtime.power).plannedNodes({ coordination: "zookeeper" })).toEqual(planned);
    const more = required(runtime.power).plannedNodes({ standby: true });
    expect(more.filter((node) => !planned.some(({ name }) => name === node.name))).toMatchObject([
      { name: "driver-2", kind: "driver" },
    ]);
  });

  it("reaches no node, and says so", async () => {
    expect(runtime.find()).toBeUndefined();
    await expect(runtime.describe()).rejects.toMatchObject({ code: "FL_USAGE", remedy: expect.any(String) as unknown });
    expect(() => required(runtime.control)).toThrow("inside their network");
    expect(() => required(runtime.producer, "FL_USAGE")).toThrow(
      expect.objectContaining({
        code: "FL_USAGE",
        message: "in a stack of containers the producer is a service of its own",
        remedy: expect.stringContaining("docker compose up -d producer") as unknown,
      }),
    );
    expect(isAbsent(runtime.relay)).toBe(false);
  });
});

/** As docker-compose.yml and the images give it. */
function environment(): Record<string, string> {
  return {
    FAULTLINE_INSIDE: "compose",
    FAULTLINE_RUNS_DIR: runs,
    KAFKA_BROKERS: "kafka-1:9092,kafka-2:9092",
    POSTGRES_HOST: "postgres",
    POSTGRES_PORT: "5432",
    POSTGRES_DB: "d",
    POSTGRES_USER: "u",
    POSTGRES_PASSWORD_FILE: "/run/secrets/postgres_password",
  };
}

function runtimeInside(variables = environment()): Runtime {
  return composeRuntimeInside({ root: "/app", stateDir: "/tmp", runsDir: runs, environment: variables });
}

describe("composeRuntimeInside", () => {
  it("is chosen by the images' mark", () => {
    expect([insideCompose(environment()), insideCompose({}), insideCompose({ FAULTLINE_INSIDE: "" })]).toEqual([
      true,
      false,
      false,
    ]);
  });

  it("finds the stack of the current run, without Docker and without the project's name", () => {
    expect(runtimeInside().find()).toBeUndefined();
    const run: Run = {
      version: 1,
      id: "r1",
      run: 1,
      seed: 1,
      malformed_ppm: 0,
      pipeline: "payments",
      pipeline_sha256: "0",
      runtime: "compose",
      trigger: "micro-batch",
      created_ms: 5,
      versions: {},
    };
    mkdirSync(join(runs, "r1"));
    writeFileSync(join(runs, "r1", "run.json"), JSON.stringify(run));
    symlinkSync("r1", join(runs, "current"));
    expect(runtimeInside().find()).toEqual({
      version: 1,
      runtime: "compose",
      run_directory: join(runs, "r1"),
      bootstrap_servers: ["kafka-1:9092", "kafka-2:9092"],
      postgres: {
        host: "postgres",
        port: 5432,
        database: "d",
        user: "u",
        password_file: "/run/secrets/postgres_password",
      },
      spark_master: "spark://spark-master:7077,spark-master-2:7077",
      trigger: "micro-batch",
      created_ms: 5,
    });
    expect(() => runtimeInside({ ...environment(), KAFKA_BROKERS: "" }).find()).toThrow(
      expect.objectContaining({
        code: "FL_CONFIG_INVALID",
        message: expect.stringContaining("KAFKA_BROKERS") as unknown,
      }),
    );
  });

  it("asks for the project's name when nodes are asked for, and is neither brought up nor relayed", async () => {
    const inside = runtimeInside();
    const { control, producer, power, relay } = inside;
    const missing = expect.objectContaining({ code: "FL_CONFIG_INVALID" });
    expect(() => required(control).nodes()).toThrow(missing);
    await expect(required(producer).isDone()).rejects.toEqual(missing);
    await expect(inside.describe()).rejects.toEqual(missing);
    expect(() => required(power)).toThrow("from the host");
    expect(() => required(relay)).toThrow("already");
  });
});
