import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { buildCommand } from "@stricli/core";
import { FaultlineError } from "../../contract/errors.ts";
import { type ProducerStatus, RUN_FILES } from "../../contract/run.ts";
import type { CommandContext } from "../context.ts";
import { parseCount, parseDuration } from "../parse.ts";
import { chooseRuntime } from "../runtime-choice.ts";
import { requireStack } from "../stack-access.ts";

type Flags = { rate: number; count?: number; duration?: number; detach: boolean };

export const produce = buildCommand<Flags, [], CommandContext>({
  docs: {
    brief: "Produce events into the stack that is up",
    fullDescription:
      "Produce events into the stack that is up, going on with the run's sequences. Ctrl-C lets the producer drain and ends it. It is a node of the stack: when it is killed, it is started again and goes on.\n\nExamples:\n  ./faultline produce --count 100k --rate 5k\n  ./faultline produce --duration 2m\n  ./faultline produce --detach        # until: ./faultline down",
  },
  parameters: {
    flags: {
      rate: { kind: "parsed", parse: parseCount(0), default: "2000", brief: "Events per second; 0: as fast as it goes", placeholder: "n" },
      count: { kind: "parsed", parse: parseCount(1), optional: true, brief: "End after this many more events", placeholder: "n" },
      duration: { kind: "parsed", parse: parseDuration, optional: true, brief: "End after this time", placeholder: "time" },
      detach: { kind: "boolean", default: false, brief: "Return at once" },
    },
  },
  async func(flags) {
    if (chooseRuntime(this, undefined) === "compose")
      throw new FaultlineError("FL_USAGE", "in a stack of containers the producer is a service of its own", {
        remedy: "docker compose up -d producer (its rate is PRODUCER_RATE in .env); docker compose stop producer",
      });
    const { startProducer, stopProducer, producerDone } = await import("../../platform/local/stack.ts");
    const stack = requireStack(this);
    const statusFile = join(stack.runDirectory, RUN_FILES.producerStatus);
    const before = readStatus(statusFile)?.attempted ?? 0;
    await startProducer(this.stateDir, {
      rate: flags.rate,
      ...(flags.count !== undefined && { untilTotal: before + flags.count }),
      ...(flags.duration !== undefined && { untilMs: Date.now() + flags.duration }),
    });
    if (flags.detach) return;
    const began = Date.now();
    const { stderr } = this.process;
    for (let beat = 0; !producerDone(this.stateDir) && !this.signal.aborted; beat++) {
      const status = readStatus(statusFile);
      if (status !== undefined && status.at_ms > began && beat % (stderr.isTTY ? 2 : 20) === 0)
        stderr.write(`${stderr.isTTY ? "\r\u001b[2K" : ""}${statusLine(status, (Date.now() - began) / 1000)}${stderr.isTTY ? "" : "\n"}`);
      await sleep(250);
    }
    if (this.signal.aborted) await stopProducer(this.stateDir);
    const status = readStatus(statusFile);
    if (stderr.isTTY) stderr.write("\r\u001b[2K");
    if (status !== undefined) this.process.stdout.write(`${statusLine(status, (Date.now() - began) / 1000)}\n`);
    if (status?.state === "failed") throw new FaultlineError("FL_NODE_FAILED", `the producer can't go on: ${status.error}`);
  },
});

function statusLine(status: ProducerStatus, seconds: number): string {
  const throttled = status.throttled > 0 ? `, ${status.throttled} held back (the rate was not reached)` : "";
  return `${seconds.toFixed(0)} s: ${status.state}, ${status.acknowledged} acknowledged, ${status.indeterminate} indeterminate, backlog ${status.backlog}${throttled}`;
}

function readStatus(file: string): ProducerStatus | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as ProducerStatus;
  } catch {
    return undefined;
  }
}
