import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, matchesGlob } from "node:path";
import { FaultlineError } from "../../contract/errors.ts";
import { flat, mutantsOf, parseEquivalents, type Score, scoreOf, scoreTable, onlyKilled } from "./report.ts";
import { FILE_VARIABLE, MUTATED_WINGS, WING_NAMES, WING_VARIABLE, type WingName } from "./wings.ts";

/** What is measured: a whole wing, or one file of it. */
type Target = { wing: WingName; file: string | undefined };
/** What became of it, in the words of a suite. */
type Measured = { passed: number; failed: number; failures: string[] };

/**
 * Measures the tests of the validator: changes its sources in one place at a time, and counts the changes that no test notices.
 * @param paths folders of wings, or files: "validation/checks", "validation/judge.ts"; none: all wings, which takes hours on a busy machine.
 * @param run runs Node with these arguments and variables, and resolves to its exit code.
 * @throws FaultlineError FL_USAGE: a path that is not measured.
 */
export async function measureMutants(
  root: string,
  paths: readonly string[],
  run: (args: string[], variables: Record<string, string>) => Promise<number>,
): Promise<Measured> {
  const targets = paths.length === 0 ? WING_NAMES.map((wing) => ({ wing, file: undefined })) : paths.map(targetOf);
  const listed = parseEquivalents(readFileSync(join(root, "validation/mutants.yaml"), "utf8"));
  const scores: Score[] = [];
  const failures: string[] = [];
  for (const { wing, file } of targets) {
    const args = [
      join(root, "node_modules/@stryker-mutator/core/bin/stryker.js"),
      "run",
      join(root, "cli/mutants/stryker-config.ts"),
    ];
    const remembered = join(root, `.faultline/cache/mutants/${wing}/incremental.json`);
    if (existsSync(remembered)) writeFileSync(remembered, onlyKilled(readFileSync(remembered, "utf8")));
    const code = await run(args, { [WING_VARIABLE]: wing, ...(file !== undefined && { [FILE_VARIABLE]: file }) });
    if (code !== 0) {
      failures.push(`${file ?? wing}: Stryker ended with exit code ${code}`);
      continue;
    }
    const isMeasured = (name: string) => (file === undefined ? isOf(wing, name) : name === file);
    const mutants = mutantsOf(readFileSync(join(root, `.faultline/cache/mutants/${wing}/report.json`), "utf8"));
    const { stale, ...score } = scoreOf(
      file ?? wing,
      mutants.filter((mutant) => isMeasured(mutant.file)),
      listed.filter((entry) => isMeasured(entry.file)),
    );
    scores.push(score);
    for (const { file, line, mutator, original, replacement } of score.survivors)
      failures.push(`${file}:${line} ${mutator}: ${brief(original)} → ${brief(replacement)}: no test notices it`);
    for (const { file, mutator, original } of stale)
      failures.push(`validation/mutants.yaml: ${file} ${mutator} ${brief(original)}: no such mutant survives any more`);
  }
  process.stdout.write(`\n${scoreTable(scores)}\n`);
  const passed = scores.reduce((sum, { killed, equivalent }) => sum + killed + equivalent, 0);
  return { passed, failed: failures.length, failures };
}

function brief(text: string): string {
  const line = flat(text);
  return line.length > 120 ? `${line.slice(0, 119)}…` : line;
}

function targetOf(path: string): Target {
  const name = path.replace(/\/$/, "");
  const folder = WING_NAMES.find((wing) => name === wing || name === `validation/${wing}`);
  if (folder !== undefined) return { wing: folder, file: undefined };
  const wing = WING_NAMES.find((each) => isOf(each, name));
  if (wing !== undefined) return { wing, file: name };
  throw new FaultlineError("FL_USAGE", `${JSON.stringify(path)} is not measured by mutants`, {
    remedy: `use a file of these, or one of them: ${WING_NAMES.map((each) => MUTATED_WINGS[each].sources[0]).join(", ")}`,
  });
}

function isOf(wing: WingName, file: string): boolean {
  return MUTATED_WINGS[wing].sources.every((glob) =>
    glob.startsWith("!") ? !matchesGlob(file, glob.slice(1)) : matchesGlob(file, glob),
  );
}
