import { createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { EVIDENCE_FILES, SECTIONS } from "../../contract/evidence.ts";
import { RUN_FILES } from "../../contract/run.ts";
import type { EvidenceFile } from "../source/evidence-file.ts";

/**
 * Writes the run's files as they were when evidence was taken. Only names of this build's list are written, whatever the sections are called.
 * @param directory is made; its name should be the run's. @throws UnreadableError if a block has another byte.
 */
export async function extractFiles(file: EvidenceFile, directory: string, signal: AbortSignal): Promise<void> {
  await mkdir(directory, { recursive: true });
  for (const name of EVIDENCE_FILES)
    if (file.has(SECTIONS.file(name)))
      await pipeline(file.read(SECTIONS.file(name), signal), createWriteStream(join(directory, RUN_FILES[name])));
}
