import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ProducerStatus } from "../../contract/run.ts";
import { noDocker, TestProject } from "./fixture/project.ts";
import { ComposeProducer } from "./producer.ts";

const why = await noDocker();

describe.skipIf(why !== undefined)(`ComposeProducer${why === undefined ? "" : ` (skipped: ${why})`}`, () => {
  let project: TestProject;
  beforeAll(async () => {
    project = await TestProject.start();
  }, 60_000);
  afterAll(async () => project[Symbol.asyncDispose](), 60_000);

  const statusFile = (): string => join(project.runDirectory, "producer-status.json");
  const producer = (): ComposeProducer => new ComposeProducer(project.control(), statusFile());
  const nodeNow = async () => {
    const nodes = await project.control().inventory.nodes();
    return nodes.find(({ name }) => name === "producer");
  };
  const say = (state: ProducerStatus["state"], at_ms: number): void => {
    const counts = { attempted: 0, acknowledged: 0, indeterminate: 0, backlog: 0, throttled: 0, last_ack_ms: 0 };
    const status: ProducerStatus = {
      version: 2,
      pid: 1,
      ledger: { lines: 0, crc: "00000000" },
      state,
      at_ms,
      ...counts,
      partitions: [],
      error: "no topic",
    };
    writeFileSync(statusFile(), JSON.stringify(status));
  };

  it("is no producer, and then one that is stopped and started again", async () => {
    await producer().stop();
    expect(await producer().isDone()).toBe(false);
    await project.service("producer", ["sh", "-c", "trap 'sleep 1; exit' TERM; while :; do sleep 1 & wait $!; done"]);
    const before = await nodeNow();
    await producer().stop();
    expect((await nodeNow())?.state).toBe("down");
    await producer().stop();
    await producer().start({ rate: 5 });
    expect((await nodeNow())?.starts).toBeGreaterThan(before?.starts ?? Infinity);
    await expect(producer().start({ rate: 5, untilTotal: 7 })).rejects.toMatchObject({ code: "FL_USAGE" });
  }, 60_000);

  it("is done when this life of it says so, and can't go on when it has failed", async () => {
    const starts = (await nodeNow())?.starts ?? 0;
    say("done", starts - 1);
    expect(await producer().isDone()).toBe(false);
    say("producing", starts + 1);
    expect(await producer().isDone()).toBe(false);
    say("done", starts + 1);
    expect(await producer().isDone()).toBe(true);
    say("failed", starts + 1);
    await expect(producer().isDone()).rejects.toMatchObject({
      code: "FL_NODE_FAILED",
      message: "the producer can't go on: no topic",
    });
  });
});
