import { buildCommand } from "@stricli/core";
import type { CommandContext } from "../context.ts";
import { chooseRuntime, type Runtime, RUNTIMES } from "../runtime-choice.ts";

export const down = buildCommand<{ volumes: boolean; runtime?: Runtime }, [], CommandContext>({
  docs: {
    brief: "Stop the stack",
    fullDescription:
      "Stop the stack in order and prove that no process of it is left. Its data stay for the next up; --volumes removes them. Run directories always stay.\n\nExample:\n  ./faultline down --volumes",
  },
  parameters: {
    flags: {
      volumes: { kind: "boolean", default: false, brief: "Remove the stack's data, too" },
      runtime: { kind: "enum", values: RUNTIMES, optional: true, brief: "Which stack [default = the one that is up]" },
    },
  },
  async func(flags) {
    const [{ down: downStack }, { Progress }] = await Promise.all([import("../../platform/local/stack.ts"), import("../progress.ts")]);
    const progress = new Progress(this.process.stderr);
    if (chooseRuntime(this, flags.runtime) === "compose") {
      const { composeDown } = await import("../compose-project.ts");
      await composeDown(this, flags.volumes);
      return;
    }
    await downStack({ stateDir: this.stateDir, volumes: flags.volumes, onProgress: ({ step }) => progress.say(step), signal: this.signal });
    progress.say(flags.volumes ? "down; the data are removed" : "down; the data stay (--volumes removes them)");
  },
});
