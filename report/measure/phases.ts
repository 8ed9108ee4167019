import type { FaultHistory } from "../../contract/fault-history.ts";
import type { Sample, SampledNode } from "../../contract/sample.ts";
import { type Measure, type Moment, stillOpen, until } from "./measure.ts";

/** Stretches of a recovery, each from the injection. They are measured by the samples, so to about a second. */
export type Phases = {
  /** Until the node no longer answered its protocol. */
  nodeDown: Measure;
  /** Until another node has the role that the node had; of a broker: until every partition has a leader again. */
  failedOver: Measure;
  /** Until the lag is back at its level before the injection. */
  caughtUp: Measure;
};

/** The lag's level before a fault is the highest one in this time before the injection. */
const LEVEL_MS = 10_000;

/**
 * Measures the phases of a fault's recovery (pure).
 * @param untilMs the injection of the next fault, or the end of the evidence: what happens later may be of another fault.
 */
export function phasesOf(fault: FaultHistory, samples: readonly Sample[], untilMs: number): Phases {
  const after = samples.filter(({ at_ms }) => at_ms >= fault.injectedMs && at_ms < untilMs);
  return {
    nodeDown: nodeDown(fault, after),
    failedOver: failedOver(fault, samples, after),
    caughtUp: caughtUp(fault, samples, after),
  };
}

function nodeDown({ node, injectedMs }: FaultHistory, after: readonly Sample[]): Measure {
  if (!after.some(({ nodes }) => nodes.some(({ name }) => name === node)))
    return { unknown: "the samples don't tell of this node" };
  const found = firstMoment(after, injectedMs, timeOfNodes, (sample) => {
    const answers = sample.nodes.find(({ name }) => name === node)?.answers;
    return answers === undefined || answers === null ? null : !answers;
  });
  return found === undefined ? { unknown: "no sample saw the node not answering" } : until(found, injectedMs);
}

function failedOver(fault: FaultHistory, samples: readonly Sample[], after: readonly Sample[]): Measure {
  const { node, nodeKind, injectedMs } = fault;
  const before = samples.findLast(({ at_ms, nodes }) => at_ms < injectedMs && nodes.length > 0);
  const role = roleOf(before, node);
  const others = (sample: Sample): SampledNode[] =>
    sample.nodes.filter(({ name, kind }) => kind === nodeKind && name !== node);
  if (role === "standby") return { unknown: "a standby has no role that another node can take over" };
  // A role that two nodes have at a time is not taken over.
  if (
    role !== null &&
    before !== undefined &&
    others(before).length > 0 &&
    !others(before).some((other) => other.role === role)
  ) {
    const holds = (sample: Sample) =>
      sample.nodes.length === 0 ? null : others(sample).some((other) => other.role === role);
    const found = firstMoment(after, injectedMs, timeOfNodes, holds);
    if (found !== undefined) return until(found, injectedMs);
    if (nodeKind !== "kafka") return { unknown: `no sample saw another node as ${role}` };
  }
  if (nodeKind !== "kafka")
    return { unknown: role === null ? "no role of the node is known" : "no other node can take over" };
  const lost = after.findIndex((sample) => leaderless(sample) === true);
  if (lost < 0) return { unknown: "no sample saw a partition without a leader" };
  return backAgain(after.slice(lost), injectedMs, (sample) => sample.answered_ms.kafka ?? sample.at_ms, leaderless);
}

function caughtUp({ injectedMs }: FaultHistory, samples: readonly Sample[], after: readonly Sample[]): Measure {
  const before = samples.filter(({ at_ms }) => at_ms < injectedMs && at_ms >= injectedMs - LEVEL_MS);
  const lags = before.map(({ lag }) => lag).filter((lag) => lag !== null);
  if (lags.length === 0) return { unknown: "no sample has the lag before it" };
  const level = Math.max(...lags);
  const isAbove = ({ lag }: Sample) => (lag === null ? null : lag > level);
  const risen = after.findIndex((sample) => isAbove(sample) === true);
  if (risen < 0)
    return {
      unknown: after.some(({ lag }) => lag !== null) ? "the lag did not rise" : "no sample has the lag after it",
    };
  return backAgain(after.slice(risen), injectedMs, timeOfLag, isAbove);
}

/** From the injection until what is true in the first sample is no longer true. */
function backAgain(
  samples: readonly Sample[],
  injectedMs: number,
  timeOf: (sample: Sample) => number,
  isBad: (sample: Sample) => boolean | null,
): Measure {
  const [first] = samples;
  const sinceMs = first === undefined ? injectedMs : timeOf(first);
  const found = firstMoment(samples, sinceMs, timeOf, (sample) => {
    const bad = isBad(sample);
    return bad === null ? null : !bad;
  });
  if (found !== undefined) return until(found, injectedMs);
  const last = samples.findLast((sample) => isBad(sample) === true);
  return stillOpen(injectedMs, last === undefined ? sinceMs : timeOf(last), "samples");
}

/** @returns when it became true: between the last sample that says that it is not (at first: sinceMs) and the first that says that it is. */
function firstMoment(
  samples: readonly Sample[],
  sinceMs: number,
  timeOf: (sample: Sample) => number,
  isTrue: (sample: Sample) => boolean | null,
): Moment | undefined {
  let afterMs = sinceMs;
  for (const sample of samples) {
    const answer = isTrue(sample);
    if (answer === true) return { afterMs, untilMs: Math.max(afterMs, timeOf(sample)), by: "samples" };
    if (answer === false) afterMs = Math.max(afterMs, timeOf(sample));
  }
  return undefined;
}

const leaderless = ({ isr }: Sample): boolean | null => (isr === null ? null : isr.includes(0));

const timeOfLag = ({ answered_ms: { kafka, sink }, at_ms }: Sample): number => Math.max(kafka ?? at_ms, sink ?? at_ms);

const timeOfNodes = (sample: Sample): number => sample.answered_ms.nodes ?? sample.at_ms;

function roleOf(sample: Sample | undefined, node: string): string | null {
  return sample?.nodes.find(({ name }) => name === node)?.role ?? null;
}
