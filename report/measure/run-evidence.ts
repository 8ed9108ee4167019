import { readFile, stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { FaultlineError } from "../../contract/errors.ts";
import { parseJsonFile } from "../../contract/parse-file.ts";
import { parsePipeline, type Pipeline } from "../../contract/pipeline.ts";
import { planSchema, type Plan } from "../../contract/plan.ts";
import { parseRun, RUN_FILES, type Run } from "../../contract/run.ts";
import type { Sample } from "../../contract/sample.ts";
import { verdictSchema, type VerdictFile } from "../../contract/verdict.ts";
import { readFaultJournal, type FaultJournal } from "./fault-journal.ts";
import { readLedgerHistory, type LedgerHistory } from "./ledger-history.ts";
import type { Part } from "./part.ts";
import { readSamples } from "./samples.ts";
import { type CommitHistory, readCommits } from "./success/commit-history.ts";
import { type OffsetWatch, readOffsetWatch } from "./success/offset-watch.ts";

/** The content of a run directory. */
export type RunEvidence = {
  /** The directory's name. */
  id: string;
  run: Part<Run>;
  pipeline: Part<Pipeline>;
  plan: Part<Plan>;
  journal: Part<FaultJournal>;
  ledger: Part<LedgerHistory>;
  samples: Part<{ samples: Sample[]; damaged: number }>;
  watch: Part<OffsetWatch>;
  commits: Part<CommitHistory>;
  verdict: Part<VerdictFile>;
};

/**
 * Reads all files of a run directory. If a file is missing or damaged, the result says so, and the other files still count.
 * @throws FaultlineError FL_RUN_MISSING when there is no such directory.
 */
export async function readRunEvidence(runDirectory: string): Promise<RunEvidence> {
  const directory = await stat(runDirectory).catch(() => undefined);
  if (directory?.isDirectory() !== true)
    throw new FaultlineError("FL_RUN_MISSING", `there is no run directory ${runDirectory}`, {
      remedy: "list the runs with `ls runs/`",
    });
  const at = (file: keyof typeof RUN_FILES): string => join(runDirectory, RUN_FILES[file]);
  const text = (file: keyof typeof RUN_FILES): Promise<string> => readFile(at(file), "utf8");
  const [run, pipeline, plan, journal, ledger, samples, watch, commits, verdict] = await Promise.all([
    part("run", async () => parseRun(await text("run"), RUN_FILES.run)),
    part("pipeline", async () => parsePipeline(await text("pipeline"), RUN_FILES.pipeline)),
    part("plan", async () => parseJsonFile(planSchema, await text("plan"), RUN_FILES.plan, { remedy: "" })),
    part("journal", async () => readFaultJournal(at("journal"))),
    part("ledger", async () => readLedgerHistory(at("ledger"))),
    part("samples", async () => readSamples(at("samples"))),
    part("witness", async () => readOffsetWatch(at("witness"))),
    part("commits", async () => readCommits(at("commits"))),
    part("verdict", async () => parseJsonFile(verdictSchema, await text("verdict"), RUN_FILES.verdict, { remedy: "" })),
  ]);
  return {
    id: basename(resolve(runDirectory)),
    run,
    pipeline,
    plan,
    journal,
    ledger,
    samples,
    watch,
    commits,
    verdict,
  };
}

async function part<T>(file: keyof typeof RUN_FILES, read: () => Promise<T | undefined>): Promise<Part<T>> {
  const name = RUN_FILES[file];
  try {
    const value = await read();
    return value === undefined ? { missing: `${name} holds no record` } : { value };
  } catch (error) {
    const { message, code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return { missing: `there is no ${name}` };
    // A parser names the file in each line; the report needs one sentence.
    return { missing: `${name} can't be read: ${message.replaceAll(`${name}: `, "").replaceAll("\n", "; ")}` };
  }
}
