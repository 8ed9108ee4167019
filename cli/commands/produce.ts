import { join } from "node:path";
import { buildCommand } from "@stricli/core";
import { required } from "../../contract/capability.ts";
import { FaultlineError } from "../../contract/errors.ts";
import { type ProducerStatus, RUN_FILES } from "../../contract/run.ts";
import type { RuntimeName } from "../../contract/stack.ts";
import type { CommandContext } from "../context.ts";
import { MAX_RATE, parseCount, parseDuration } from "../parse.ts";
import { runtimeFlag } from "../shared-flags.ts";
import { requireStack } from "../stack-access.ts";

type Flags = { rate: number; count?: number; duration?: number; detach: boolean; runtime?: RuntimeName };

const LOOK_EVERY_MS = 250;

export const produce = buildCommand<Flags, [], CommandContext>({
  docs: {
    brief: "Produce events into the stack that is up",
    fullDescription:
      "Produces events into the stack that is up, and goes on with the run's sequences. Ctrl-C lets the producer drain, then ends it. The producer is a node of the stack: if it is killed, it is started again and goes on.\n\nExamples:\n  ./faultline produce --count 100k --rate 5k\n  ./faultline produce --duration 2m\n  ./faultline produce --detach        # until: ./faultline down",
  },
  parameters: {
    flags: {
      rate: {
        kind: "parsed",
        parse: parseCount(0, MAX_RATE),
        default: "2000",
        brief: "Events per second; 0: as fast as possible",
        placeholder: "n",
      },
      count: {
        kind: "parsed",
        parse: parseCount(1),
        optional: true,
        brief: "End after this many more events",
        placeholder: "n",
      },
      duration: {
        kind: "parsed",
        parse: parseDuration(1),
        optional: true,
        brief: "End after this time",
        placeholder: "time",
      },
      detach: { kind: "boolean", default: false, brief: "Return at once and leave the producer running" },
      runtime: runtimeFlag,
    },
  },
  async func(flags) {
    const [{ waitUntil }, { readProducerStatus }] = await Promise.all([
      import("../../machine/clock.ts"),
      import("../../platform/protocol/node-readiness.ts"),
    ]);
    const runtime = await this.runtime(flags.runtime);
    const producer = required(runtime.producer, "FL_USAGE");
    const statusFile = join(requireStack(runtime).run_directory, RUN_FILES.producerStatus);
    const before = readProducerStatus(statusFile)?.attempted ?? 0;
    await producer.start({
      rate: flags.rate,
      ...(flags.count !== undefined && { untilTotal: before + flags.count }),
      ...(flags.duration !== undefined && { untilMs: Date.now() + flags.duration }),
    });
    if (flags.detach) return;
    const beganMs = Date.now();
    const { stderr } = this.process;
    let beat = 0;
    await waitUntil(
      Number.POSITIVE_INFINITY,
      async () => {
        const status = readProducerStatus(statusFile);
        if (status !== undefined && status.at_ms > beganMs && beat++ % (stderr.isTTY ? 2 : 20) === 0)
          stderr.write(`${stderr.isTTY ? "\r\u001b[2K" : ""}${statusLine(status, beganMs)}${stderr.isTTY ? "" : "\n"}`);
        return producer.isDone();
      },
      { everyMs: LOOK_EVERY_MS, signal: this.signal },
    );
    if (this.signal.aborted) await producer.stop();
    const status = readProducerStatus(statusFile);
    if (stderr.isTTY) stderr.write("\r\u001b[2K");
    if (status !== undefined) this.process.stdout.write(`${statusLine(status, beganMs)}\n`);
    if (status?.state === "failed")
      throw new FaultlineError("FL_NODE_FAILED", `the producer can't go on: ${status.error}`, {
        remedy: "fix the cause, then run ./faultline produce again; it goes on where it was",
      });
  },
});

function statusLine(status: ProducerStatus, beganMs: number): string {
  const seconds = ((Date.now() - beganMs) / 1000).toFixed(0);
  const throttled = status.throttled > 0 ? `, ${status.throttled} held back (the rate was not reached)` : "";
  return `${seconds} s: ${status.state}, ${status.acknowledged} acknowledged, ${status.indeterminate} indeterminate, backlog ${status.backlog}${throttled}`;
}
