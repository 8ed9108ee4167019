import { buildCommand } from "@stricli/core";
import { FaultlineError } from "../../contract/errors.ts";
import type { CommandContext } from "../context.ts";
import { resolveRun } from "../choose-run.ts";
import { parseOutputFile, parseText } from "../parse.ts";

type Flags = { print: boolean; json: boolean; junit?: string; digest?: string; diff: boolean };

const outputFile = (brief: string) =>
  ({ kind: "parsed", parse: parseOutputFile, optional: true, brief, placeholder: "file" }) as const;

export const report = buildCommand<Flags, [run?: string, other?: string], CommandContext>({
  docs: {
    brief: "Render a run's report again, or compare two runs",
    fullDescription:
      "Renders a run's report again: report.md, and report.html as one file. It reads the run directory alone and needs no stack.\n\nExamples:\n  ./faultline report\n  ./faultline report 20261123T015937Z-payments --print\n  ./faultline report --junit faultline.xml\n  ./faultline report --json | jq '.faults[].visible_again'\n  ./faultline report --diff 20261123T015937Z-payments 20261124T225617Z-payments",
  },
  parameters: {
    flags: {
      print: { kind: "boolean", default: false, brief: "Print report.md as well" },
      json: { kind: "boolean", default: false, brief: "Print everything that the report says, as JSON" },
      junit: outputFile("Write JUnit XML for a CI: the verdict, each bound, each fault's recovery"),
      digest: outputFile("Write the digest for the resilience report (contract/digest.ts)"),
      diff: { kind: "boolean", default: false, brief: "Compare two runs: what got slower or faster beyond chance" },
    },
    positional: {
      kind: "tuple",
      parameters: [
        {
          brief: "The run [default: the stack's run, else the newest]",
          parse: parseText,
          placeholder: "run",
          optional: true,
        },
        { brief: "The other run, for --diff", parse: parseText, placeholder: "other", optional: true },
      ],
    },
  },
  async func(flags, run, other) {
    requirePossible(flags, run, other);
    const runtime = await this.runtime();
    const { compareRuns, reportRun } = await import("../report-run.ts");
    const out = this.process.stdout;
    const directory = resolveRun(this, runtime, run);
    if (other === undefined) await reportRun(directory, flags, out);
    else await compareRuns(directory, resolveRun(this, runtime, other), flags.json, out);
  },
});

function refuse(message: string, remedy: string): never {
  throw new FaultlineError("FL_USAGE", message, { remedy });
}

/** @throws FaultlineError FL_USAGE for flags and runs that do not go together. */
function requirePossible({ diff, print, json, junit, digest }: Flags, run?: string, other?: string): void {
  if (diff && (run === undefined || other === undefined))
    refuse("--diff compares two runs", "name both: ./faultline report --diff A B (`ls runs/` lists them)");
  if (!diff && other !== undefined)
    refuse(`${other}: a report is about one run`, "leave it out, or compare two runs with --diff A B");
  const ignored = Object.entries({ print: print || undefined, junit, digest }).find(([, value]) => value !== undefined);
  if (diff && ignored !== undefined)
    refuse(`--${ignored[0]} can't be given with --diff`, `leave it out, or run ./faultline report RUN --${ignored[0]}`);
  if (print && json) refuse("--print and --json both print", "give one of them");
  if (junit !== undefined && junit === digest)
    refuse(`--junit and --digest name the same file, ${junit}`, "name two files");
}
