import type { FaultHistory } from "../../contract/fault-history.ts";
import type { NodeKind } from "../../contract/node.ts";
import type { FaultKind } from "../../contract/plan.ts";
import type { Sample } from "../../contract/sample.ts";
import type { Lane, LaneState } from "./timeline.ts";

/** What a fault makes of its node while it is active. Delay and pressure leave the node at work: its own answers tell. */
const STATE_UNDER: Partial<Record<FaultKind, LaneState>> = {
  kill: "down",
  stop: "down",
  restart: "down",
  pause: "paused",
  isolate: "cut-off",
  disconnect: "cut-off",
};
/** After these the node has another life. */
const RESTARTS: ReadonlySet<FaultKind> = new Set(["kill", "stop", "restart"]);

type Span<T> = { value: T; from_ms: number; to_ms: number };
type Seen = { kind: NodeKind; answers: Span<boolean | null>[]; roles: Span<string | null>[] };

/** Follows each node's own answers, sample by sample; the journal's faults are laid over them when the lanes are asked for. */
export class LaneBuilder {
  readonly #nodes = new Map<string, Seen>();
  #firstMs: number | undefined;
  #lastMs = 0;

  /** What a node says holds until the next sample. @param isJoined there is no gap before this sample */
  add(sample: Sample, isJoined: boolean): void {
    const { at_ms } = sample;
    if (isJoined)
      for (const { answers, roles } of this.#nodes.values()) {
        prolong(answers, this.#lastMs, at_ms);
        prolong(roles, this.#lastMs, at_ms);
      }
    this.#firstMs ??= at_ms;
    this.#lastMs = at_ms;
    for (const { name, kind, answers, role } of sample.nodes) {
      let seen = this.#nodes.get(name);
      if (seen === undefined) this.#nodes.set(name, (seen = { kind, answers: [], roles: [] }));
      extend(seen.answers, answers, at_ms, at_ms);
      extend(seen.roles, answers === true ? role : null, at_ms, at_ms);
    }
  }

  /** @returns the nodes in the order in which they were first seen; then those that only the journal names. */
  lanes(faults: readonly FaultHistory[]): Lane[] {
    const fromMs = Math.min(this.#firstMs ?? Infinity, ...faults.map(({ injectedMs }) => injectedMs));
    const toMs = Math.max(this.#lastMs, ...faults.map((fault) => fault.healedMs ?? fault.probedMs ?? fault.injectedMs));
    const kinds = new Map([...this.#nodes].map(([name, { kind }]) => [name, kind]));
    for (const { node, nodeKind } of faults) if (!kinds.has(node)) kinds.set(node, nodeKind);
    return [...kinds].map(([name, kind]) => {
      const own = faults.filter(({ node, role }) => node === name && role !== "executor");
      const { answers = [], roles = [] } = this.#nodes.get(name) ?? {};
      return {
        name,
        kind,
        spans: stateSpans(answers, own, fromMs, toMs),
        roles: roles.flatMap(({ value, from_ms, to_ms }) => (value === null ? [] : [{ role: value, from_ms, to_ms }])),
        restarts_ms: own.flatMap(({ kind, effective, healedMs }) =>
          effective === true && healedMs !== undefined && RESTARTS.has(kind) ? [healedMs] : [],
        ),
      };
    });
  }
}

/** The last span holds up to now, if it held until the sample before. */
function prolong<T>(spans: Span<T>[], beforeMs: number, nowMs: number): void {
  const last = spans.at(-1);
  if (last !== undefined && last.to_ms === beforeMs) last.to_ms = nowMs;
}

/** Continues the last span if the value is the same and nothing lies between; else begins another one. */
function extend<T>(spans: Span<T>[], value: T, fromMs: number, toMs: number): void {
  const last = spans.at(-1);
  if (last !== undefined && last.value === value && last.to_ms >= fromMs) last.to_ms = toMs;
  else spans.push({ value, from_ms: fromMs, to_ms: toMs });
}

function stateSpans(
  answers: readonly Span<boolean | null>[],
  faults: readonly FaultHistory[],
  fromMs: number,
  toMs: number,
): Lane["spans"] {
  const struck = faults.flatMap(({ kind, effective, failed, probedMs, injectedMs, healedMs }) => {
    const state = STATE_UNDER[kind];
    if (state === undefined || effective !== true || failed !== undefined) return [];
    return [{ value: state, from_ms: probedMs ?? injectedMs, to_ms: healedMs ?? toMs }];
  });
  const edges = [...answers, ...struck].flatMap(({ from_ms, to_ms }) => [from_ms, to_ms]);
  const times = [...new Set([fromMs, ...edges.filter((ms) => ms > fromMs && ms < toMs), toMs])].toSorted(
    (a, b) => a - b,
  );
  const spans: Span<LaneState>[] = [];
  let place = 0;
  for (let index = 0; index + 1 < times.length; index++) {
    const [begin, end] = [times[index] as number, times[index + 1] as number];
    while ((answers[place]?.to_ms ?? Infinity) <= begin) place += 1;
    const answer = (answers[place]?.from_ms ?? Infinity) <= begin ? answers[place]?.value : null;
    const under = struck.find((span) => span.from_ms <= begin && span.to_ms >= end)?.value;
    extend(spans, under ?? stateOf(answer ?? null), begin, end);
  }
  return spans.map(({ value, from_ms, to_ms }) => ({ state: value, from_ms, to_ms }));
}

function stateOf(answers: boolean | null): LaneState {
  if (answers === null) return "unknown";
  return answers ? "up" : "silent";
}
