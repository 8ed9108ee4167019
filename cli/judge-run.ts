import { join } from "node:path";
import writeFileAtomic from "write-file-atomic";
import { RUN_FILES } from "../contract/run.ts";
import type { VerdictFile } from "../contract/verdict.ts";
import { printVerdict } from "../validation/print-verdict.ts";
import { validate, type ValidateOptions } from "../validation/validate.ts";

/** Validates, and writes `verdict.json` where there is a run directory. `text` is the verdict for a person. */
export async function judgeRun(options: ValidateOptions): Promise<{ file: VerdictFile; text: string }> {
  const file = await validate(options);
  if (options.runDirectory !== undefined) await writeFileAtomic(join(options.runDirectory, RUN_FILES.verdict), `${JSON.stringify(file, null, 2)}\n`);
  return { file, text: printVerdict(file) };
}
