import { resolve } from "node:path";
import { FaultlineError } from "../contract/errors.ts";
import type { VerdictFile } from "../contract/verdict.ts";
import { sloOf, type ValidateFlags } from "../validation/options.ts";
import { validateEvidence } from "../validation/validate-evidence.ts";
import type { CommandContext } from "./context.ts";
import { Progress } from "./progress.ts";

/** Flags of `validate` that name servers or files: evidence has all of them. */
const NAMES_DATA = [
  "run",
  "producerLogPath",
  "journal",
  "pipeline",
  "config",
  "brokers",
  "topic",
  "dbHost",
  "dbPort",
  "dbName",
  "dbUser",
  "dbPassword",
  "quietTimeout",
  "runtime",
] as const;

type Flags = Omit<ValidateFlags, "quietTimeoutMs"> & {
  evidence: string | undefined;
  root: string | undefined;
  quietTimeout: number | undefined;
  runtime: string | undefined;
};

/**
 * `validate --evidence`: no environment, no stack and no run directory has a say. `verdict.json` is not written, because there is no run directory.
 * @throws FaultlineError FL_USAGE: a flag that would be ignored. FL_EVIDENCE_DAMAGED.
 */
export async function judgeEvidence(context: CommandContext, flags: Flags): Promise<VerdictFile> {
  const { evidence, root, allowNoFaults = false, canary, minAcknowledged } = flags;
  if (evidence === undefined)
    throw new FaultlineError("FL_USAGE", "--root is about an evidence file, and there is none", {
      remedy: "give the file with --evidence FILE",
    });
  if (root !== undefined && !/^[0-9a-f]{64}$/i.test(root))
    throw new FaultlineError("FL_USAGE", `--root ${root} is no root: it must have 64 hexadecimal digits`, {
      remedy: "`./faultline evidence` prints the root of the file that it writes",
    });
  const ignored = NAMES_DATA.find((name) => flags[name] !== undefined);
  if (ignored !== undefined)
    throw new FaultlineError("FL_USAGE", `${flagText(ignored)} can't be given with --evidence`, {
      remedy: "leave it out: the evidence file has the log, the tables and every file of the run",
    });
  const progress = new Progress(context.process.stderr);
  const slo = sloOf(flags);
  return validateEvidence({
    evidence: resolve(evidence),
    ...(root !== undefined && { root }),
    allowNoFaults,
    ...(canary !== undefined && { canary }),
    ...(minAcknowledged !== undefined && { minAcknowledged }),
    ...(Object.keys(slo).length > 0 && { slo }),
    onProgress: (line) => progress.say(line),
    signal: context.signal,
  });
}

/** "dbHost" as it is typed: "--db-host". */
function flagText(name: string): string {
  return `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
