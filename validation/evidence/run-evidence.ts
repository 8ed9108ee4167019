import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { FaultlineError } from "../../contract/errors.ts";
import type { JournalRecord } from "../../contract/journal.ts";
import type { LedgerOpen } from "../../contract/ledger.ts";
import { parseJsonFile } from "../../contract/parse-file.ts";
import { type Plan, planSchema } from "../../contract/plan.ts";
import { parseRun, producerStatusSchema, type ProducerStatus, type Run, RUN_FILES } from "../../contract/run.ts";
import { decodeSample, type Sample } from "../../contract/sample.ts";
import { journalRunProblems, runFileProblems } from "./check-run.ts";
import { planProblems } from "./check-plan.ts";
import { sampleFaultProblems } from "./check-samples.ts";

/** A plan file, and the SHA-256 of its bytes (hex). */
export type PlanFile = { plan: Plan; sha256: string };

/** The members of a sample that ledger and journal tell of too. */
export type SeenSample = Pick<Sample, "at_ms" | "attempted" | "acknowledged" | "faults">;

/**
 * The small files beside ledger and journal. Other processes wrote them than those whose word is judged, or at another time; so they are held
 * against ledger and journal. A file that is not there says nothing.
 */
export type RunEvidence = {
  run: Run | undefined;
  plan: PlanFile | undefined;
  status: ProducerStatus | undefined;
  samples: SeenSample[];
  /** Files that can't be read, as sentences. */
  problems: string[];
};

/** Reads them. Do it before ledger and journal are read: those may then be further, but never behind. */
export async function readRunEvidence(directory: string): Promise<RunEvidence> {
  const problems: string[] = [];
  const read = async <T>(name: string, parse: (text: string, file: string) => T): Promise<T | undefined> => {
    const file = join(directory, name);
    try {
      return parse(await readFile(file, "utf8"), file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      if (!(error instanceof FaultlineError)) throw error;
      problems.push(`${error.code}: ${error.message}`);
      return undefined;
    }
  };
  return {
    run: await read(RUN_FILES.run, parseRun),
    plan: await read(RUN_FILES.plan, (text, file) => ({
      plan: parseJsonFile(planSchema, text, file, { code: "FL_PLAN_INVALID", remedy: "" }),
      sha256: createHash("sha256").update(text).digest("hex"),
    })),
    status: await read(RUN_FILES.producerStatus, (text, file) =>
      parseJsonFile(producerStatusSchema, text, file, { remedy: "" }),
    ),
    samples: (await read(RUN_FILES.samples, samplesOf)) ?? [],
    problems,
  };
}

/** A line that can't be read is left out: the sampler ends a torn line and goes on. */
function samplesOf(text: string): SeenSample[] {
  return text.split("\n").flatMap((line) => {
    const sample = decodeSample(line);
    if (sample === undefined) return [];
    const { at_ms, attempted, acknowledged, faults } = sample;
    return [{ at_ms, attempted, acknowledged, faults }];
  });
}

/**
 * Where run.json, plan and samples contradict the ledger's `open` and the journal. The figures of status and samples are held against the
 * ledger line by line (LedgerWatch).
 * @returns sentences; none: nothing contradicts.
 */
export function contradictions(evidence: RunEvidence, open: LedgerOpen, journal: readonly JournalRecord[]): string[] {
  const { run, plan, samples, problems } = evidence;
  return [
    ...problems,
    ...(run === undefined ? [] : runFileProblems(run, open)),
    ...journalRunProblems(journal, open),
    ...planProblems(plan, journal),
    ...sampleFaultProblems(samples, journal),
  ];
}
