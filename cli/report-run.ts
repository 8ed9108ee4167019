import { readFile } from "node:fs/promises";
import { availableParallelism, cpus, totalmem } from "node:os";
import writeFileAtomic from "write-file-atomic";
import { FaultlineError } from "../contract/errors.ts";
import { renderJunit } from "../report/render/junit.ts";
import { diffText } from "../report/render/diff-text.ts";
import { writeReport } from "../report/render/report-files.ts";
import { diffOf } from "../report/view/compare/diff.ts";
import { digestOf, encodeDigest, type Machine } from "../report/view/digest.ts";
import { jsonOf } from "../report/view/json.ts";
import { readRunView } from "../report/view/read-view.ts";

type Wishes = { print: boolean; json: boolean; junit?: string; digest?: string };

/** Writes a run's report and what else is wanted of it. @throws FaultlineError FL_USAGE for a file that can't be written. */
export async function reportRun(directory: string, wishes: Wishes, out: NodeJS.WritableStream): Promise<void> {
  const { markdown, page, view } = await writeReport(directory);
  if (wishes.junit !== undefined) await write("junit", wishes.junit, renderJunit(view));
  if (wishes.digest !== undefined) await write("digest", wishes.digest, encodeDigest(digestOf(view, thisMachine())));
  if (wishes.json) out.write(`${JSON.stringify(jsonOf(view))}\n`);
  else if (wishes.print) out.write(await readFile(markdown, "utf8"));
  else
    out.write(
      [markdown, page, wishes.junit, wishes.digest].flatMap((file) => (file === undefined ? [] : `${file}\n`)).join(""),
    );
}

/** Prints two runs side by side. */
export async function compareRuns(a: string, b: string, json: boolean, out: NodeJS.WritableStream): Promise<void> {
  const diff = diffOf(await readRunView(a), await readRunView(b));
  out.write(json ? `${JSON.stringify(jsonOf(diff))}\n` : `${diffText(diff)}\n`);
}

async function write(flag: string, file: string, text: string): Promise<void> {
  await writeFileAtomic(file, text).catch((error: Error) => {
    throw new FaultlineError("FL_USAGE", `--${flag} ${file} can't be written: ${error.message}`, {
      remedy: "name a file in a directory that you may write to",
      cause: error,
    });
  });
}

function thisMachine(): Machine {
  return {
    cores: availableParallelism(),
    memory_mib: Math.round(totalmem() / 2 ** 20),
    cpu: cpus()[0]?.model.trim() || null,
  };
}
