import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FaultlineError } from "../contract/errors.ts";
import { SECTIONS, type Taken, takenSchema } from "../contract/evidence.ts";
import type { VerdictFile } from "../contract/verdict.ts";
import { extractFiles } from "./evidence-file/extract-files.ts";
import type { Progress } from "./read/progress.ts";
import { UnreadableError } from "./read/unreadable-error.ts";
import { EvidenceFile } from "./source/evidence-file.ts";
import { EvidenceServers } from "./source/evidence-source.ts";
import { unreadVerdict } from "./unread-verdict.ts";
import { type JudgeOptions, validateFrom } from "./validate.ts";

export type EvidenceJudgeOptions = Omit<
  JudgeOptions,
  "runDirectory" | "ledgerFile" | "journalFile" | "pipeline" | "topic"
> & {
  /** Path of the evidence file. */
  evidence: string;
  /** The root that the file must have: hex. */
  root?: string;
};

/** Blocks that a verdict names; it has the count of all. */
const MOST_BLOCKS = 20;
const SAY_EVERY_MS = 2000;

/**
 * Judges a run by its evidence file alone. First every block is compared with its checksum: if one does not fit, the verdict is UNKNOWN and names
 * the blocks, and nothing else is judged. The run's files are unpacked into a temporary directory meanwhile.
 * @throws FaultlineError FL_EVIDENCE_DAMAGED: the file is cut off, header, index or footer has another byte, or it has another root. FL_INTERRUPTED.
 */
export async function validateEvidence(options: EvidenceJudgeOptions): Promise<VerdictFile> {
  const signal = options.signal ?? new AbortController().signal;
  const begin = performance.now();
  const file = await EvidenceFile.open(options.evidence);
  try {
    checkRoot(file, options.root);
    const changed = await changedBlocks(file, options.onProgress ?? (() => undefined), signal);
    // If this section is whole, the verdict can at least say which run it is about.
    if (changed.length > 0)
      return unread(changed, file, await file.json(SECTIONS.TAKEN, takenSchema).catch(() => undefined), begin);
    return await judged(options, file, signal, begin);
  } catch (error) {
    if (signal.aborted)
      throw new FaultlineError("FL_INTERRUPTED", "the validation was interrupted: no verdict", { cause: error });
    throw error;
  } finally {
    await file.close();
  }
}

async function judged(
  options: EvidenceJudgeOptions,
  file: EvidenceFile,
  signal: AbortSignal,
  begin: number,
): Promise<VerdictFile> {
  const temporary = await mkdtemp(join(tmpdir(), "faultline-evidence-"));
  let taken: Taken | undefined;
  try {
    taken = await file.json(SECTIONS.TAKEN, takenSchema);
    const runDirectory = join(temporary, taken.run_id);
    await extractFiles(file, runDirectory, signal);
    const servers = new EvidenceServers(file, taken);
    const { topic, taken_ms } = taken;
    const verdict = await validateFrom({ ...options, runDirectory, topic }, () => servers);
    return { ...verdict, evidence: { root: file.root, taken_ms } };
  } catch (error) {
    if (error instanceof UnreadableError) return unread([error.message], file, taken, begin);
    throw error;
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

function checkRoot(file: EvidenceFile, wanted: string | undefined): void {
  if (wanted === undefined || wanted.toLowerCase() === file.root) return;
  throw new FaultlineError("FL_EVIDENCE_DAMAGED", `${file.path} has the root ${file.root}, not ${wanted}`, {
    remedy: "it is another file than the one that was passed on, or one whose checksums were made again after a change",
  });
}

/** @returns sentences: each block that does not fit, at most 20, and how many more there are. */
async function changedBlocks(file: EvidenceFile, progress: Progress, signal: AbortSignal): Promise<string[]> {
  let saidMs = performance.now();
  const { problems, count } = await file.check(
    MOST_BLOCKS,
    (bytes) => {
      if (performance.now() - saidMs < SAY_EVERY_MS) return;
      saidMs = performance.now();
      progress(`comparing checksums: ${Math.floor((bytes * 100) / file.bytes)} %`);
    },
    signal,
  );
  const more = count - problems.length;
  return more > 0 ? [...problems, `evidence: and ${more} more blocks; ${count} in all`] : problems;
}

function unread(reasons: string[], file: EvidenceFile, taken: Taken | undefined, begin: number): VerdictFile {
  return {
    ...unreadVerdict(taken?.run_id ?? "unknown", reasons, performance.now() - begin),
    evidence: { root: file.root, taken_ms: taken?.taken_ms ?? null },
  };
}
