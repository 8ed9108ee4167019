import { spawn } from "node:child_process";
import { expect, it } from "vitest";
import { eventually } from "../fixture/stage.ts";
import { NODE_VARIABLE, STATE_VARIABLE } from "./marked-processes.ts";
import { findMainProcess } from "./node-process.ts";

const DIRECTORY = "/nowhere/node-process-test";

/** Leads a session, and its parent is none of the node's. */
function start(...parameters: string[]): AsyncDisposable & { pid: number | undefined } {
  const child = spawn("sh", ["-c", "read line", "sh", ...parameters], {
    env: { [STATE_VARIABLE]: DIRECTORY, [NODE_VARIABLE]: "spark-worker-1" },
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  return {
    pid: child.pid,
    async [Symbol.asyncDispose]() {
      child.stdin?.end();
      await ended;
    },
  };
}

it("does not take an executor that has lost its worker for the worker", async () => {
  await using _ = start("org.apache.spark.executor.CoarseGrainedExecutorBackend");
  await using worker = start();
  await eventually(() => findMainProcess(DIRECTORY, "spark-worker-1")?.pid === worker.pid);
  expect(findMainProcess(DIRECTORY, "spark-worker-2")).toBeUndefined();
});
