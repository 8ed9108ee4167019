import { join } from "node:path";
import { buildCommand } from "@stricli/core";
import { RUN_FILES } from "../../contract/run.ts";
import type { CommandContext } from "../context.ts";
import { resolveRun } from "../run-directory.ts";
import { type Runtime, RUNTIMES } from "../runtime-choice.ts";

type Flags = { run?: string; runtime?: Runtime; by: "heal" | "watchdog"; json: boolean };

export const heal = buildCommand<Flags, [], CommandContext>({
  docs: {
    brief: "Undo whatever a fault has left behind",
    fullDescription:
      "Undo whatever a fault has left behind: replays the undo of every fault in the journal that is not healed, then looks for nodes that are paused or held down for no known reason. Safe to run at any time, any number of times.\n\nExample:\n  ./faultline heal",
  },
  parameters: {
    flags: {
      run: {
        kind: "parsed",
        parse: String,
        optional: true,
        brief: "The run whose journal is replayed [default = that of the stack that is up]",
        placeholder: "id",
      },
      runtime: { kind: "enum", values: RUNTIMES, optional: true, brief: "Which stack [default = the one that is up]" },
      by: { kind: "enum", values: ["heal", "watchdog"], default: "heal", brief: "Who heals, for the journal" },
      json: { kind: "boolean", default: false, brief: "The result as JSON" },
    },
  },
  async func(flags) {
    const [{ heal: healJournal }, { nodeControl }] = await Promise.all([import("../../chaos/heal.ts"), import("../stack-runtime.ts")]);
    const runDirectory = resolveRun(this, flags.run);
    const result = await healJournal({ journalFile: join(runDirectory, RUN_FILES.journal), control: nodeControl(this), by: flags.by });
    const out = this.process.stdout;
    if (flags.json) {
      out.write(`${JSON.stringify(result)}\n`);
      return;
    }
    for (const { id, node, proof } of result.healed) out.write(`fault ${id} on ${node}: ${proof}\n`);
    for (const { node, proof } of result.swept) out.write(`${node}: ${proof}\n`);
    if (result.healed.length + result.swept.length === 0) out.write("nothing to heal\n");
  },
});
