import type { FaultHistory } from "../../contract/fault-history.ts";
import type { JournalRecord } from "../../contract/journal.ts";
import type { VerdictFile } from "../../contract/verdict.ts";
import type { FaultRecovery } from "../measure/recovery.ts";

/** What a fault put at stake, as verdict.json has it. null: it does not tell of this fault. */
export type Stake = { underLoad: boolean | null; recovered: boolean | null };

/** A fault with everything that a reader may ask about it. Times are ms since 1970; measures are those of FaultRecovery. */
export type FaultView = Omit<FaultRecovery, "undo"> & {
  /** What was done to take it back: "hold test-3", as the journal has it. */
  undo: string;
  /** What was seen after the undo; null: it was not undone. */
  undoProof: string | null;
  stake: Stake;
};

/** Puts journal, measures and verdict together (pure). */
export function faultViews(
  recoveries: readonly FaultRecovery[],
  records: readonly JournalRecord[],
  verdict: VerdictFile | undefined,
): FaultView[] {
  const proofs = new Map<number, string>();
  for (const record of records)
    if (record.t === "healed" && !proofs.has(record.id)) proofs.set(record.id, record.proof);
  return recoveries.map((fault) => ({
    ...fault,
    undo: undoText(fault.undo),
    undoProof: proofs.get(fault.id) ?? null,
    stake: stakeOf(fault, verdict),
  }));
}

/** The verdict counts faults by kind of node. Where it says the same of all faults of a kind, it says so of each. */
function stakeOf({ nodeKind, effective }: FaultHistory, verdict: VerdictFile | undefined): Stake {
  const line = verdict?.faults.find(({ node_kind }) => node_kind === nodeKind);
  if (effective !== true || line === undefined || line.struck === 0) return { underLoad: null, recovered: null };
  const ofEach = (count: number): boolean | null => (count === line.struck ? true : count === 0 ? false : null);
  return { underLoad: ofEach(line.under_load), recovered: ofEach(line.recovered) };
}

function undoText({ life, release, lift }: FaultHistory["undo"]): string {
  const parts = [
    ...(life === undefined ? [] : [`let ${life.text} go on`]),
    ...(release === undefined ? [] : [`release the hold ${release}`]),
    ...(lift === undefined ? [] : [`lift the condition ${lift}`]),
  ];
  return parts.join(", ") || "let the node go on";
}
