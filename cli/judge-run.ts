import { existsSync } from "node:fs";
import { join } from "node:path";
import writeFileAtomic from "write-file-atomic";
import { RUN_FILES } from "../contract/run.ts";
import type { VerdictFile } from "../contract/verdict.ts";
import { printVerdict } from "../validation/print-verdict.ts";
import { validate, type ValidateOptions } from "../validation/validate.ts";

/**
 * Validates, and writes `verdict.json` where there is a run directory. `text` is the verdict for a person.
 * A verdict for which nothing could be read (a wrong password, Kafka down) does not replace an earlier one: it is about the reading, not about the run.
 */
export async function judgeRun(options: ValidateOptions): Promise<{ file: VerdictFile; text: string }> {
  const file = await validate(options);
  if (options.runDirectory !== undefined) {
    const target = join(options.runDirectory, RUN_FILES.verdict);
    const nothingRead = file.verdict === "UNKNOWN" && file.counts.log_records === 0 && file.counts.actual_rows === 0;
    if (!nothingRead || !existsSync(target)) await writeFileAtomic(target, `${JSON.stringify(file, null, 2)}\n`);
  }
  return { file, text: printVerdict(file) };
}
