import type { Slo } from "../contract/slo.ts";
import { loosened } from "./slo/bounds.ts";

/** What was asked for, and what a full run of this ledger would have. */
export type Claim = {
  allowNoFaults: boolean;
  canary?: boolean;
  minAcknowledged?: number;
  /** Named by a flag although a run directory has its own. */
  runDirectory?: string;
  ledgerFile?: string;
  journalFile?: string;
  topic?: string;
  slo?: Slo;
};

export const MIN_ACKNOWLEDGED = 1000;

/** @returns what the flags take away from the claim of a full run, one phrase each. */
export function waived(claim: Claim, run: { topic: string; slo: Slo | undefined }): string[] {
  const { allowNoFaults, canary = true, minAcknowledged = MIN_ACKNOWLEDGED, topic = run.topic } = claim;
  const isOfRun = claim.runDirectory !== undefined;
  return [
    ...(allowNoFaults ? ["no fault was required"] : []),
    ...(canary ? [] : ["the checks were not tested by a canary"]),
    ...(minAcknowledged < MIN_ACKNOWLEDGED
      ? [`only ${minAcknowledged} acknowledged events were required, not ${MIN_ACKNOWLEDGED}`]
      : []),
    ...(topic === run.topic ? [] : [`topic ${topic} was judged, not ${run.topic}, which the ledger names`]),
    ...(isOfRun && claim.ledgerFile !== undefined ? ["the ledger is not the run directory's"] : []),
    ...(isOfRun && claim.journalFile !== undefined ? ["the fault journal is not the run directory's"] : []),
    ...loosened(run.slo, claim.slo),
  ];
}
