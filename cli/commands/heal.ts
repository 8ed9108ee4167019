import { join } from "node:path";
import { buildCommand } from "@stricli/core";
import { required } from "../../contract/capability.ts";
import { RUN_FILES } from "../../contract/run.ts";
import type { RuntimeName } from "../../contract/stack.ts";
import type { CommandContext } from "../context.ts";
import { relayed } from "../relayed.ts";
import { resolveRun } from "../choose-run.ts";
import { runtimeFlag } from "../shared-flags.ts";
import { parseText } from "../parse.ts";

type Flags = { run?: string; runtime?: RuntimeName; by: "heal" | "watchdog"; json: boolean };

export const heal = buildCommand<Flags, [], CommandContext>({
  docs: {
    brief: "Undo every fault that is still active",
    fullDescription:
      "Undoes every fault that is still active. It first undoes every fault in the journal that is not healed. Then it looks for nodes that are paused, held down or under a condition, and lets them go. You can run it at any time, any number of times.\n\nExamples:\n  ./faultline heal\n  ./faultline heal --run 20261123T015937Z-payments --json",
  },
  parameters: {
    flags: {
      run: {
        kind: "parsed",
        parse: parseText,
        optional: true,
        brief: "Undo the faults in this run's journal [default: the run of the stack that is up]",
        placeholder: "id or path",
      },
      runtime: runtimeFlag,
      by: { kind: "enum", values: ["heal", "watchdog"], default: "heal", brief: "Who heals, for the journal" },
      json: { kind: "boolean", default: false, brief: "Print the result as JSON" },
    },
  },
  async func(flags) {
    const runtime = await this.runtime(flags.runtime);
    // A run that is named is on this machine; so are its nodes.
    if (flags.run === undefined && (await relayed(this, runtime, { changesRun: true }))) return;
    const { heal: healJournal } = await import("../../chaos/heal.ts");
    const journalFile = join(resolveRun(this, runtime, flags.run), RUN_FILES.journal);
    const control = required(runtime.control, "FL_USAGE").nodes();
    const result = await healJournal({ journalFile, control, by: flags.by });
    const out = this.process.stdout;
    if (flags.json) {
      out.write(`${JSON.stringify(result)}\n`);
      return;
    }
    for (const { id, node, proof } of result.healed) out.write(`fault ${id} on ${node}: ${proof}\n`);
    for (const { node, proof } of result.swept) out.write(`${node}: ${proof}\n`);
    for (const { line, problem } of result.unreadable)
      out.write(
        `${journalFile}: line ${line} can't be read: ${problem}; what it described was undone if it was there\n`,
      );
    for (const problem of result.problems) out.write(`${journalFile}: ${problem}\n`);
    if (result.closed) out.write("the chaos engine died: the fault journal is closed now\n");
    else if (result.healed.length + result.swept.length === 0) out.write("nothing to heal\n");
  },
});
