import type { Anomaly, AnomalyKind } from "../../contract/verdict.ts";
import type { Histories } from "../histories/histories.ts";

/** One family of anomalies: a pure function over the histories. */
export type Check = {
  kinds: readonly AnomalyKind[];
  /** The sources that the check needs besides the ledger. */
  needs: readonly ("log" | "sink")[];
  find: (histories: Histories) => Anomaly[];
};
