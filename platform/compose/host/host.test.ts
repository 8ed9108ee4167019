import { randomBytes } from "node:crypto";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BASE, docker, noDocker } from "../fixture/project.ts";
import { ComposePower } from "./power.ts";
import { ComposeRelay } from "./relay.ts";

const ROOT = resolve(import.meta.dirname, "../../..");
const why = await noDocker();

/** As much of docker-compose.yml as the host's side uses; the command line stands for the CLI of the image. */
const composeFile = `
name: \${COMPOSE_PROJECT_NAME}
services:
  producer:
    image: ${BASE}
    environment: { FAULTLINE_PIPELINE: "\${FAULTLINE_PIPELINE:-pipelines/payments.yaml}", RATE: "\${PRODUCER_RATE:-1}" }
    init: true
    command: [sh, -c, 'mkdir -p /runs/r1 && echo "$$RATE $$FAULTLINE_PIPELINE" >/runs/r1/run.json && ln -sfn r1 /runs/current && echo up && exec sleep infinity']
    healthcheck: { test: [CMD, test, -e, /runs/current], interval: 1s, retries: 20 }
    volumes: ["runs:/runs"]
  chaos:
    profiles: [tools]
    image: ${BASE}
    entrypoint: [sh, -c]
    volumes: ["runs:/runs"]
volumes: { runs: {} }
`;

describe.skipIf(why !== undefined)(
  `a compose project, from the host${why === undefined ? "" : ` (skipped: ${why})`}`,
  () => {
    const name = `fltest${randomBytes(4).toString("hex")}`;
    const root = mkdtempSync(join(tmpdir(), "faultline-host-"));
    const runsDir = join(root, "runs");
    const place = { root, runsDir, stateDir: root, environment: { ...process.env, COMPOSE_PROJECT_NAME: name } };
    const [power, relay] = [new ComposePower(place), new ComposeRelay(place)];
    const lines: string[] = [];
    const work = { onProgress: (line: string) => void lines.push(line), signal: new AbortController().signal };
    const volumes = async (): Promise<string> =>
      docker("volume", "ls", "-q", "--filter", `label=com.docker.compose.project=${name}`);
    beforeAll(() => {
      mkdirSync(join(root, "pipelines"));
      copyFileSync(join(ROOT, "pipelines", "payments.yaml"), join(root, "pipelines", "payments.yaml"));
      copyFileSync(join(ROOT, "pipelines", "payments.yaml"), join(root, "pipelines", "mine.yaml"));
      writeFileSync(join(root, "docker-compose.yml"), composeFile);
    });
    afterAll(async () => {
      await power.down({ volumes: true }, work);
      rmSync(root, { recursive: true });
    }, 60_000);

    it("is checked, brought up with what was asked for, and is busy then", async () => {
      expect([relay.isUp(), await relay.fetchRun()]).toEqual([false, undefined]);
      await power.down({ volumes: true }, work);
      await power.check({}, "new");
      const request = { pipelineFile: join(root, "pipelines", "mine.yaml"), producerRate: 77 };
      await power.up(request, work);
      expect(lines.at(-1)).toBe("building images and starting containers");
      expect(relay.isUp()).toBe(true);
      await power.check({}, "repair");
      await expect(power.check({}, "new")).rejects.toMatchObject({
        code: "FL_STACK_BUSY",
        remedy: "docker compose down -v, then again",
      });
      const run = await relay.fetchRun({ logs: true });
      expect(run).toBe(join(runsDir, "r1"));
      expect(readFileSync(join(runsDir, "r1", "run.json"), "utf8")).toBe("77 pipelines/mine.yaml\n");
      expect(readFileSync(join(runsDir, "r1", "logs", "producer.log"), "utf8")).toMatch(/up\n$/);
    }, 60_000);

    it("runs a command inside, with files of this machine, and hands its exit code on", async () => {
      const file = join(root, "plan.json");
      writeFileSync(file, "a plan\n");
      const script = 'echo "$FAULTLINE_STDIN_LEASE $(cat /tmp/plan.json)" >/runs/current/said; exit 3';
      expect(await relay.run([script], { [file]: "/tmp/plan.json" })).toBe(3);
      await relay.fetchRun();
      expect(readFileSync(join(runsDir, "r1", "said"), "utf8")).toBe("1 a plan\n");
    }, 60_000);

    it("is interrupted before it begins, but always taken down", async () => {
      const signal = AbortSignal.abort();
      await expect(power.up({}, { ...work, signal })).rejects.toMatchObject({ code: "FL_INTERRUPTED" });
      await power.down({ volumes: false }, { ...work, signal });
      expect([relay.isUp(), await volumes()]).toEqual([false, `${name}_runs`]);
      await expect(power.check({}, "new")).rejects.toMatchObject({ code: "FL_STACK_BUSY" });
      await power.down({ volumes: true }, work);
      expect(await volumes()).toBe("");
      await power.check({}, "new");
    }, 60_000);

    it("names what is missing", async () => {
      const other = new ComposePower({
        ...place,
        environment: { ...place.environment, COMPOSE_PROJECT_NAME: "" },
        root: "/",
      });
      await expect(other.check({}, "repair")).rejects.toMatchObject({
        code: "FL_PREREQUISITE",
        remedy: "cp .env.example .env",
      });
      const without = { ...place, environment: { ...place.environment, DOCKER_HOST: "unix:///nowhere.sock" } };
      expect(new ComposeRelay(without).isUp()).toBe(false);
      await expect(new ComposePower(without).check({}, "repair")).rejects.toMatchObject({
        code: "FL_PREREQUISITE",
        message: expect.stringContaining("Docker does not answer") as unknown,
      });
    });
  },
);
