import { buildCommand } from "@stricli/core";
import type { CommandContext } from "../context.ts";

export const down = buildCommand<{ volumes: boolean }, [], CommandContext>({
  docs: {
    brief: "Stop the local stack",
    fullDescription:
      "Stop the local stack in order and prove that no process of it is left. Its data stay for the next up; --volumes removes them. Run directories always stay.\n\nExample:\n  ./faultline down --volumes",
  },
  parameters: { flags: { volumes: { kind: "boolean", default: false, brief: "Remove the stack's data, too" } } },
  async func(flags) {
    const [{ down: downStack }, { Progress }] = await Promise.all([import("../../platform/local/stack.ts"), import("../progress.ts")]);
    const progress = new Progress(this.process.stderr);
    await downStack({ stateDir: this.stateDir, volumes: flags.volumes, onProgress: ({ step }) => progress.say(step), signal: this.signal });
    progress.say(flags.volumes ? "down; the data are removed" : "down; the data stay (--volumes removes them)");
  },
});
