import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { RUN_FILES } from "../../contract/run.ts";
import { type VerdictFile as Verdict, verdictSchema } from "../../contract/verdict.ts";

/** Reads a run's `verdict.json`, again only when it was replaced. */
export class VerdictFile {
  #seen: string | undefined;
  #verdict: Verdict | undefined;

  /** @returns undefined if there is no verdict, or none that this build can read: it is unknown then. */
  async read(directory: string): Promise<Verdict | undefined> {
    const file = join(directory, RUN_FILES.verdict);
    const found = await stat(file).catch(() => undefined);
    const mark = found && `${file} ${found.ino} ${found.size} ${found.mtimeMs}`;
    if (mark !== this.#seen || mark === undefined) {
      this.#verdict = mark === undefined ? undefined : await parsed(file);
      this.#seen = mark;
    }
    return this.#verdict;
  }
}

async function parsed(file: string): Promise<Verdict | undefined> {
  try {
    return verdictSchema.safeParse(JSON.parse(await readFile(file, "utf8"))).data;
  } catch {
    return undefined;
  }
}
