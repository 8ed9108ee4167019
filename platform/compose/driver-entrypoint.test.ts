import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { JOB_FATAL_EXIT_CODES } from "../../contract/job.ts";
import { eventually, noDocker, TestProject } from "./fixture/project.ts";

const why = await noDocker();
const BIN = resolve(import.meta.dirname, "../../spark-app/bin");

/** Stands for the job: ends with the code in a file, or goes on until it is asked to end. */
const FAKE_JOB = `#!/bin/bash
trap 'echo asked; sleep 1; exit 5' TERM
echo "generation $(cat /fake/generation)"
code=$(cat /fake/code)
[ "$code" = none ] || exit "$code"
while :; do sleep 1 & wait $!; done
`;

it("the entrypoint knows every exit code that no new start can cure", () => {
  const script = readFileSync(join(BIN, "entrypoint.sh"), "utf8");
  const codes = /^ {2}([\d |]+)\)$/m.exec(script)?.[1]?.split(" | ").map(Number);
  expect(codes).toEqual(JOB_FATAL_EXIT_CODES);
});

describe.skipIf(why !== undefined)(`the driver's container${why === undefined ? "" : ` (skipped: ${why})`}`, () => {
  let project: TestProject;
  let fake: string;
  let container: string;
  const say = (file: string, text: string): void => writeFileSync(join(fake, file), text);
  const log = async (): Promise<string> => {
    const { stdout, stderr } = await promisify(execFile)("docker", ["logs", container]);
    return `${stdout}${stderr}`;
  };
  const state = async () => {
    const { State, RestartCount } = await project.engine.inspect(container);
    return { isRunning: State.Running && !State.Restarting, code: State.ExitCode, restarts: RestartCount };
  };
  beforeAll(async () => {
    project = await TestProject.start();
    fake = mkdtempSync(join(tmpdir(), "faultline-driver-"));
    writeFileSync(join(fake, "spark-submit"), FAKE_JOB, { mode: 0o755 });
    mkdirSync(join(fake, "current"));
    for (const file of ["current/run.json", "password"]) say(file, "");
    say("generation", "1");
    say("code", "none");
    const environment = { PATH: "/fake:/usr/bin:/bin", SPARK_HOME: "/opt/spark", KAFKA_BROKERS: "kafka-1:9092" };
    const options = [
      ...Object.entries({ ...environment, POSTGRES_PASSWORD_FILE: "/fake/password" }).flatMap(([name, value]) => [
        "--env",
        `${name}=${value}`,
      ]),
      ...[`${fake}:/fake:ro`, `${fake}:/runs`, `${BIN}:/bin-of-image:ro`].flatMap((volume) => ["--volume", volume]),
    ];
    container = await project.service("spark", ["/bin-of-image/entrypoint.sh", "driver"], options);
    await eventually(log, (text) => text.includes("generation 1"));
  }, 60_000);
  afterAll(async () => {
    await project[Symbol.asyncDispose]();
    rmSync(fake, { recursive: true });
  }, 60_000);

  it("hands a request to end on to the job, waits for it, and ends with its code", async () => {
    await project.engine.kill(container, "SIGTERM");
    const end = await eventually(state, ({ isRunning }) => !isRunning);
    expect(end).toEqual({ isRunning: false, code: 5, restarts: 0 });
    expect(await log()).toContain("asked");
  });

  it("is started again by Docker after a code that a new start may cure, and waits after one that it can't", async () => {
    say("code", "1");
    await project.engine.start(container);
    await eventually(state, ({ restarts }) => restarts > 1);
    for (const code of JOB_FATAL_EXIT_CODES) {
      say("code", `${code}`);
      say("generation", `after ${code}`);
      await project.engine.start(container);
      const found = await eventually(log, (text) => text.includes(`the job ended with exit code ${code}`), 20_000);
      expect(found.split(`generation after ${code}`).length).toBe(2);
      const { isRunning, restarts } = await state();
      expect(isRunning).toBe(true);
      // A moment in which the restart policy would have done something.
      await expect(eventually(state, (now) => !now.isRunning || now.restarts > restarts, 1_500)).rejects.toThrow(
        "not so",
      );
      await project.engine.kill(container, "SIGTERM");
      expect(await eventually(state, (now) => !now.isRunning)).toMatchObject({ code });
    }
  }, 60_000);
});
