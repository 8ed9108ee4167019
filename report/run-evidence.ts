import { readFile, stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { z } from "zod";
import { FaultlineError } from "../contract/errors.ts";
import type { JournalRecord } from "../contract/journal.ts";
import { parsePipeline, type Pipeline } from "../contract/pipeline.ts";
import { planSchema, type Plan } from "../contract/plan.ts";
import { RUN_FILES, runSchema, type Run } from "../contract/run.ts";
import type { Sample } from "../contract/sample.ts";
import { VERDICTS, type AnomalyKind, type VerdictFile } from "../contract/verdict.ts";
import { messageOf } from "./bounded-source.ts";
import { readJournal } from "./fault-history.ts";
import { readLedgerHistory, type LedgerHistory } from "./ledger-history.ts";
import { isMissing } from "./log-lines.ts";
import { readSamples } from "./sample-log.ts";

/** A file's content, or in one sentence why it is not there. */
type Part<T> = { value: T; missing?: undefined } | { value?: undefined; missing: string };

/** All that a run directory tells. */
export type RunEvidence = {
  /** The directory's name. */
  id: string;
  run: Part<Run>;
  pipeline: Part<Pipeline>;
  plan: Part<Plan>;
  journal: Part<{ records: JournalRecord[]; damaged: number }>;
  ledger: Part<LedgerHistory>;
  samples: Part<{ samples: Sample[]; damaged: number }>;
  verdict: Part<VerdictFile>;
};

const count = z.number();

/** contract/verdict.ts as a schema: a file of another version or a torn one must not pass for a verdict. */
const verdictSchema = z.object({
  version: z.literal(1),
  run_id: z.string(),
  verdict: z.enum(VERDICTS),
  reasons: z.array(z.string()),
  counts: z.object({
    attempted: count,
    acknowledged: count,
    indeterminate: count,
    log_records: count,
    expected_rows: count,
    actual_rows: count,
    expected_dead_letters: count,
    actual_dead_letters: count,
    duplicates_in_log: count,
    aggregates_compared: count,
    faults_effective: count,
  }),
  anomalies: z.array(z.object({ kind: z.string().transform((kind) => kind as AnomalyKind), count, ranges: z.array(z.string()), detail: z.string() })),
  canary: z.object({ planted: count, found: count }).nullable(),
  not_proved: z.array(z.string()),
  duration_ms: z.number(),
  at_ms: z.number(),
}) satisfies z.ZodType<VerdictFile>;

/**
 * Reads all files of a run directory; one that is missing or damaged is said to be so and spoils no other.
 * @throws FaultlineError FL_RUN_MISSING when there is no such directory.
 */
export async function readRunEvidence(runDirectory: string): Promise<RunEvidence> {
  const directory = await stat(runDirectory).catch(() => undefined);
  if (directory?.isDirectory() !== true) throw new FaultlineError("FL_RUN_MISSING", `no run directory ${runDirectory}`, { remedy: "ls runs/ lists the runs" });
  const at = (file: keyof typeof RUN_FILES): string => join(runDirectory, RUN_FILES[file]);
  const json = async (file: keyof typeof RUN_FILES): Promise<unknown> => JSON.parse(await readFile(at(file), "utf8"));
  const [run, pipeline, plan, journal, ledger, samples, verdict] = await Promise.all([
    part("run", async () => runSchema.parse(await json("run"))),
    part("pipeline", async () => parsePipeline(await readFile(at("pipeline"), "utf8"), RUN_FILES.pipeline)),
    part("plan", async () => planSchema.parse(await json("plan"))),
    part("journal", async () => readJournal(at("journal"))),
    part("ledger", async () => readLedgerHistory(at("ledger"))),
    part("samples", async () => readSamples(at("samples"))),
    part("verdict", async () => verdictSchema.parse(await json("verdict"))),
  ]);
  return { id: basename(resolve(runDirectory)), run, pipeline, plan, journal, ledger, samples, verdict };
}

async function part<T>(file: keyof typeof RUN_FILES, read: () => Promise<T | undefined>): Promise<Part<T>> {
  const name = RUN_FILES[file];
  try {
    const value = await read();
    return value === undefined ? { missing: `${name} holds no record` } : { value };
  } catch (error) {
    if (isMissing(error)) return { missing: `there is no ${name}` };
    const reason = error instanceof z.ZodError ? error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`).join("; ") : messageOf(error);
    return { missing: `${name} can't be read: ${reason}` };
  }
}
