import { z } from "zod";
import { FaultlineError } from "../../contract/errors.ts";
import { parse } from "yaml";
import { isProse } from "./prose.ts";

const placeSchema = z.object({ line: z.number(), column: z.number() });
/** Stryker's JSON report, as far as it is used here: https://github.com/stryker-mutator/mutation-testing-elements. Lines and columns from 1. */
const reportSchema = z.object({
  files: z.record(
    z.string(),
    z.object({
      source: z.string(),
      mutants: z.array(
        z.object({
          mutatorName: z.string(),
          replacement: z.string().default(""),
          status: z.string(),
          location: z.object({ start: placeSchema, end: placeSchema }),
        }),
      ),
    }),
  ),
});
const rememberedSchema = z.looseObject({
  files: z.record(z.string(), z.looseObject({ mutants: z.array(z.looseObject({ status: z.string() })) })),
});
type Place = z.infer<typeof placeSchema>;

/**
 * A changed piece of source. `state`: `survived` is one that no test noticed, or that no test even ran; `late`: its tests took too long, be it
 * for an endless loop or for a busy machine.
 */
export type Mutant = {
  file: string;
  line: number;
  mutator: string;
  original: string;
  replacement: string;
  state: "killed" | "late" | "survived";
};

/** By Stryker's status. A mutant of another status was not tested. */
const STATES: Record<string, Mutant["state"]> = {
  Killed: "killed",
  Timeout: "late",
  Survived: "survived",
  NoCoverage: "survived",
};

/** @returns the mutants of a report that count: not those that were ignored, could not run, or change only a text for people. */
export function mutantsOf(json: string): Mutant[] {
  const { files } = reportSchema.parse(JSON.parse(json));
  return Object.entries(files).flatMap(([file, { source, mutants }]) =>
    mutants.flatMap(({ mutatorName, replacement, status, location }) => {
      const original = textAt(source, location.start, location.end);
      const state = STATES[status];
      if (state === undefined) return [];
      if (mutatorName === "StringLiteral" && isProse(original.slice(1, -1))) return [];
      return { file, line: location.start.line, mutator: mutatorName, original, replacement, state };
    }),
  );
}

/**
 * @param incremental what Stryker remembers of its last run. It has the form of a report.
 * @returns the same with only those that a test killed. A new test may notice a survivor, and Stryker does not see that for what runs while a
 *   module is loaded; and what was late on a busy machine may not be so again.
 */
export function onlyKilled(incremental: string): string {
  const file = rememberedSchema.parse(JSON.parse(incremental));
  for (const entry of Object.values(file.files))
    entry.mutants = entry.mutants.filter(({ status }) => status === "Killed" || STATES[status] === undefined);
  return JSON.stringify(file);
}

function textAt(source: string, start: Place, end: Place): string {
  const lines = source.split("\n").slice(start.line - 1, end.line);
  const last = lines.length - 1;
  return lines
    .map((line, at) => line.slice(at === 0 ? start.column - 1 : 0, at === last ? end.column - 1 : undefined))
    .join("\n");
}

const equivalentSchema = z.strictObject({
  file: z.string(),
  mutator: z.string(),
  original: z.string(),
  replacement: z.string(),
  reason: z.string().min(20),
});
/** A mutant that no test can notice, because it changes nothing that a user can see. */
export type Equivalent = z.infer<typeof equivalentSchema>;

/** Reads validation/mutants.yaml. @throws FaultlineError FL_CONFIG_INVALID */
export function parseEquivalents(text: string): Equivalent[] {
  const read = z.array(equivalentSchema).safeParse(parse(text));
  if (read.success) return read.data;
  throw new FaultlineError("FL_CONFIG_INVALID", `validation/mutants.yaml: ${z.prettifyError(read.error)}`, {
    remedy: "give each entry file, mutator, original, replacement and a reason",
  });
}

/** The result for one wing. `equivalent`: survivors that are listed. */
export type Score = { wing: string; mutants: number; killed: number; equivalent: number; survivors: Mutant[] };

/** Holds the mutants of a wing against the list. `stale`: entries that no mutant fits, or only a killed one. */
export function scoreOf(
  wing: string,
  mutants: readonly Mutant[],
  listed: readonly Equivalent[],
): Score & { stale: Equivalent[] } {
  const isListed = (mutant: Mutant) => listed.some((entry) => fits(entry, mutant));
  // What is listed may be slow without being wrong.
  const survived = mutants.filter(
    (mutant) => mutant.state === "survived" || (mutant.state === "late" && isListed(mutant)),
  );
  return {
    wing,
    mutants: mutants.length,
    killed: mutants.length - survived.length,
    equivalent: survived.filter(isListed).length,
    survivors: survived.filter((mutant) => !isListed(mutant)),
    stale: listed.filter((entry) => !survived.some((mutant) => fits(entry, mutant))),
  };
}

/** A text on one line: where a line is broken is the formatter's business. */
export function flat(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim();
}

function fits(entry: Equivalent, mutant: Mutant): boolean {
  return (
    entry.file === mutant.file &&
    entry.mutator === mutant.mutator &&
    flat(entry.original) === flat(mutant.original) &&
    flat(entry.replacement) === flat(mutant.replacement)
  );
}

/** @returns the table: a line per wing. The score is that of the mutants that are not equivalent. */
export function scoreTable(scores: readonly Score[]): string {
  const rows = scores.map(({ wing, mutants, killed, equivalent, survivors }) => {
    const share = mutants === equivalent ? 1 : killed / (mutants - equivalent);
    return [wing, mutants, killed, equivalent, survivors.length, `${(share * 100).toFixed(1)} %`].map(String);
  });
  const table = [["wing", "mutants", "killed", "equivalent", "survived", "score"], ...rows];
  const widths = (table[0] ?? []).map((_, at) => Math.max(...table.map((row) => row[at]?.length ?? 0)));
  return table
    .map((row) =>
      row.map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join("  "),
    )
    .join("\n");
}
