import type { Anomaly, AnomalyKind, Verdict } from "../contract/verdict.ts";
import { ANOMALIES, worse } from "../contract/verdict.ts";

/** Everything besides the anomalies that decides the verdict. */
export type Circumstances = {
  /** Reasons for UNKNOWN: a source that can't be read, a damaged line, a fault that is not healed, a check that missed a planted anomaly. */
  unknown: string[];
  /** Kinds that may be wrong because of a reason in `unknown`: they give UNKNOWN instead of INVALID. */
  doubtful: ReadonlySet<AnomalyKind>;
  /** Reasons for VACUOUS: why the run proves nothing. */
  hollow: string[];
  /** Reasons for SLO_BREACH: bounds that were exceeded. */
  breaches: string[];
};

/** @returns the verdict, and the reasons why it is not VALID, the worst first. */
export function judge(anomalies: Anomaly[], circumstances: Circumstances): { verdict: Verdict; reasons: string[] } {
  const findings: { verdict: Verdict; reason: string }[] = circumstances.unknown.map((reason) => ({
    verdict: "UNKNOWN",
    reason,
  }));
  for (const { kind, count, ranges } of anomalies) {
    const { verdict, definition } = ANOMALIES[kind];
    if (verdict === "info") continue;
    const isDoubtful = verdict === "INVALID" && circumstances.doubtful.has(kind);
    const where = `${ranges.slice(0, 3).join(", ")}${ranges.length > 3 ? ", …" : ""}`;
    const doubt = isDoubtful ? "; not certain, because the evidence is incomplete" : "";
    findings.push({
      verdict: isDoubtful ? "UNKNOWN" : verdict,
      reason: `${count} ${kind}: ${definition} (${where})${doubt}`,
    });
  }
  for (const reason of circumstances.hollow) findings.push({ verdict: "VACUOUS", reason });
  for (const reason of circumstances.breaches) findings.push({ verdict: "SLO_BREACH", reason });
  const verdict = findings.reduce<Verdict>((sum, finding) => worse(sum, finding.verdict), "VALID");
  const rank = (item: { verdict: Verdict }) => (worse(item.verdict, verdict) === item.verdict ? 0 : 1);
  return { verdict, reasons: findings.toSorted((a, b) => rank(a) - rank(b)).map(({ reason }) => reason) };
}
