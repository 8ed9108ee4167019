import type { JournalRecord } from "../../contract/journal.ts";
import type { LedgerOpen } from "../../contract/ledger.ts";
import { type Run, RUN_FILES } from "../../contract/run.ts";

/** Members that `run.json` and the ledger's `open` both have. */
const SHARED = ["run", "seed", "malformed_ppm", "pipeline", "pipeline_sha256"] as const;

/** @returns where `run.json` contradicts the ledger's `open`, or itself, as sentences. */
export function runFileProblems(run: Run, open: LedgerOpen): string[] {
  const problems = SHARED.filter((name) => run[name] !== open[name]).map(
    (name) => `${name} is ${JSON.stringify(run[name])}, but in the ledger ${JSON.stringify(open[name])}`,
  );
  const second = Math.floor(run.created_ms / 1000);
  if (run.run !== second) problems.push(`run is ${run.run}, but created_ms is in second ${second}`);
  // newRunId of the room platform: the time of creation, and a number behind it should the directory have been there already.
  const time = new Date(second * 1000).toISOString().replace(".000", "").replaceAll(/[-:]/g, "");
  const name = `${time}-${run.pipeline}`;
  if (run.id !== name && !(run.id.startsWith(`${name}-`) && /^\d+$/.test(run.id.slice(name.length + 1))))
    problems.push(`id is ${JSON.stringify(run.id)}, but created_ms and pipeline make it ${JSON.stringify(name)}`);
  return problems.map((problem) => `${RUN_FILES.run} is not what the run began with: ${problem}`);
}

/** @returns a sentence when the journal is of another run than the ledger. */
export function journalRunProblems(journal: readonly JournalRecord[], open: LedgerOpen): string[] {
  const other = journal.find((record) => record.t === "open" && record.run !== open.run);
  return other?.t === "open" ? [`the fault journal is of run ${other.run}, but the ledger is of run ${open.run}`] : [];
}
