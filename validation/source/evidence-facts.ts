import { z } from "zod";
import type { QuietResult } from "../frontier/quiet.ts";
import type { CommittedRow, LookUpRows, RowLookUp } from "../read/commit-times.ts";
import { LineSplitter } from "../read/line-splitter.ts";
import { UnreadableError } from "../read/unreadable-error.ts";
import type { Question } from "./question.ts";
import type { TablePart } from "./run-source.ts";

/** The section `facts/answers`: question → answer. Each question has the schema of its own. */
export const answersSchema = z.record(z.string(), z.unknown());

/** How waiting ended. Nobody asks live servers this way: they are waited for. */
export const QUIET: Question<QuietResult> = {
  name: "pipeline.quiet",
  schema: z.strictObject({ outcome: z.enum(["quiet", "stuck", "timeout"]), behind: z.number(), waitedMs: z.number() }),
  ask: () => Promise.reject(new Error("live servers are waited for")),
};

/** The name of a part's section: "table/rows/3". */
export function partSection(part: TablePart): string {
  if (part.of === "offsets") return "table/offsets";
  if (part.of === "groups") return `table/groups/${part.aggregate}/${part.partition}`;
  return `table/${part.of}/${part.partition}`;
}

/** One line of the section `facts/commit-times`: a look-up with its row, or the reason why there are none. */
const timeLine = z.union([
  z.tuple([z.enum(["first", "last"]), z.number(), z.number()]),
  z.tuple([z.enum(["first", "last"]), z.number(), z.number(), z.number(), z.number()]),
  z.strictObject({ problem: z.string() }),
]);

export function timeLineText(look: RowLookUp, row: CommittedRow | undefined): string {
  const { pick, low, high } = look;
  return `${JSON.stringify(row === undefined ? [pick, low, high] : [pick, low, high, row.event, row.committedMs])}\n`;
}

export function timesProblemText(problem: string): string {
  return `${JSON.stringify({ problem })}\n`;
}

const keyOf = ({ pick, low, high }: RowLookUp) => `${pick} ${low} ${high}`;

function parsed(text: string): z.infer<typeof timeLine> {
  try {
    return timeLine.parse(JSON.parse(text));
  } catch {
    throw new UnreadableError(`the evidence has a commit time that can't be read: ${text}`);
  }
}

/** @returns the look-ups that were recorded. Others throw an Error: no evidence tells. */
export async function readTimes(chunks: AsyncIterable<Buffer>): Promise<LookUpRows> {
  const rows = new Map<string, CommittedRow | undefined>();
  let problem: string | undefined;
  const lines = new LineSplitter((text) => {
    const line = parsed(text);
    if (!Array.isArray(line)) problem = line.problem;
    else {
      const [pick, low, high, event, committedMs] = line;
      const isFound = event !== undefined && committedMs !== undefined;
      rows.set(keyOf({ pick, low, high }), isFound ? { event, committedMs } : undefined);
    }
  });
  for await (const chunk of chunks) lines.push(chunk);
  return async (lookUps) =>
    lookUps.map((look) => {
      const key = keyOf(look);
      if (rows.has(key)) return rows.get(key);
      throw new Error(
        problem ?? "the evidence has no commit time that this figure needs: it was taken for other bounds",
      );
    });
}
