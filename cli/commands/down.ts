import { buildCommand } from "@stricli/core";
import { required } from "../../contract/capability.ts";
import type { RuntimeName } from "../../contract/stack.ts";
import type { CommandContext } from "../context.ts";
import { runtimeFlag } from "../shared-flags.ts";

export const down = buildCommand<{ volumes: boolean; runtime?: RuntimeName }, [], CommandContext>({
  docs: {
    brief: "Stop the stack",
    fullDescription:
      "Stops the stack in order and proves that no process of it is left. The data stay for the next `up`; --volumes removes them. Run directories always stay.\n\nExamples:\n  ./faultline down\n  ./faultline down --volumes",
  },
  parameters: {
    flags: {
      volumes: { kind: "boolean", default: false, brief: "Remove the stack's data as well" },
      runtime: runtimeFlag,
    },
  },
  async func({ volumes, runtime }) {
    const { Progress } = await import("../progress.ts");
    const progress = new Progress(this.process.stderr);
    const power = required((await this.runtime(runtime)).power, "FL_USAGE");
    await power.down({ volumes }, { onProgress: (line) => progress.say(line), signal: this.signal });
    progress.say(volumes ? "down; the data are removed" : "down; the data stay (--volumes removes them)");
  },
});
