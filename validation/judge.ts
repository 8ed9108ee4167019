import type { Anomaly, AnomalyKind, Verdict } from "../contract/verdict.ts";
import { ANOMALIES, worse } from "../contract/verdict.ts";
import { CHECKS } from "./checks/all.ts";
import type { Histories } from "./histories/histories.ts";

/** Runs every check whose sources were read. */
export function findAnomalies(histories: Histories): Anomaly[] {
  const isRead = { log: histories.logRead, sink: histories.sinkRead };
  return CHECKS.filter((check) => check.needs.every((source) => isRead[source])).flatMap((check) => check.find(histories));
}

/** What else decides, next to the anomalies. */
export type Circumstances = {
  /** Each makes the verdict at least UNKNOWN: a source that can't be read, a damaged line, a fault that is not healed, a blind checker. */
  unknown: string[];
  /** Kinds that may be false because of one of `unknown`: they can't prove a fault, but they can't be ruled out. */
  doubtful: ReadonlySet<AnomalyKind>;
  faultsEffective: number;
  allowNoFaults: boolean;
  acknowledged: number;
  minAcknowledged: number;
};

/** The verdict, and why it is not VALID, the worst first. */
export function judge(anomalies: Anomaly[], circumstances: Circumstances): { verdict: Verdict; reasons: string[] } {
  const findings: { verdict: Verdict; reason: string }[] = circumstances.unknown.map((reason) => ({ verdict: "UNKNOWN", reason }));
  for (const { kind, count, ranges } of anomalies) {
    const { verdict, definition } = ANOMALIES[kind];
    if (verdict === "info") continue;
    const isDoubtful = verdict === "INVALID" && circumstances.doubtful.has(kind);
    const where = `${ranges.slice(0, 3).join(", ")}${ranges.length > 3 ? ", …" : ""}`;
    const doubt = isDoubtful ? "; not certain, since what it is judged by is incomplete" : "";
    findings.push({ verdict: isDoubtful ? "UNKNOWN" : verdict, reason: `${count} ${kind}: ${definition} (${where})${doubt}` });
  }
  if (circumstances.faultsEffective === 0 && !circumstances.allowNoFaults)
    findings.push({ verdict: "VACUOUS", reason: "no fault had an effect, so nothing is proved about failures; --allow-no-faults judges the data alone" });
  if (circumstances.acknowledged < circumstances.minAcknowledged)
    findings.push({
      verdict: "VACUOUS",
      reason: `only ${circumstances.acknowledged} events were acknowledged; fewer than ${circumstances.minAcknowledged} prove nothing`,
    });
  const verdict = findings.reduce<Verdict>((sum, finding) => worse(sum, finding.verdict), "VALID");
  const rank = (item: { verdict: Verdict }) => (worse(item.verdict, verdict) === item.verdict ? 0 : 1);
  return { verdict, reasons: findings.toSorted((a, b) => rank(a) - rank(b)).map(({ reason }) => reason) };
}
