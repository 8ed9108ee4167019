import { LedgerTally, type TallyState } from "./ledger-tally.ts";
import type { LedgerAttempt, LedgerClose, LedgerOpen, LedgerRecord } from "./ledger.ts";

/** Compares the members of `open` that never change in a run. @returns the first difference, as a sentence; undefined: there is none. */
export function sameRun(a: LedgerOpen, b: LedgerOpen): string | undefined {
  const { pid: _pid, acks: _acks, at_ms: _atMs, ...fixed } = a;
  for (const [name, value] of Object.entries(fixed))
    if (b[name as keyof LedgerOpen] !== value)
      return `${name} is ${JSON.stringify(value)}, here it is ${JSON.stringify(b[name as keyof LedgerOpen])}`;
  return undefined;
}

/** The state after some lines, as plain data. */
export type GrammarState = {
  open: LedgerOpen | null;
  isClosed: boolean;
  processes: number;
  isIncomplete: boolean;
  lanes: LaneGrammar[];
  tally: TallyState;
};

/** One partition. Its last batch is unsettled while it has neither `ack` nor `failed`. */
export class LaneGrammar {
  nextSequence = 0;
  isUnsettled = false;
  /** The last attempt has no outcome line yet. */
  isOpen = false;
  /** Number of the producer process that wrote the last attempt. */
  process = 0;
  attempts = 0;
  sequence = 0;
  count = 0;
  firstMs = 0;
  lastMs = 0;
}

/**
 * The grammar of a run ledger (docs/ledger-format.md, sections 2 and 4) as one state machine: producer and validator judge a line by it.
 * Its memory does not grow with the ledger, and a line costs a few comparisons. After an impossible line it goes on as if that line were
 * right, so that one damaged line does not make all later ones of its partition impossible.
 */
export class LedgerGrammar {
  readonly #lanes: LaneGrammar[] = [];
  #open: LedgerOpen | undefined;
  #isClosed = false;
  #processes = 0;
  /** What the lines so far come to. */
  readonly tally: LedgerTally;
  /** A line before could not be read, so the tally may be too low. */
  isIncomplete = false;

  /** @param state goes on from there. Default: no line was read. */
  constructor(state?: GrammarState) {
    this.tally = state === undefined ? new LedgerTally() : LedgerTally.from(state.tally);
    if (state === undefined) return;
    this.#lanes.push(...structuredClone(state.lanes));
    this.#open = state.open ?? undefined;
    this.#isClosed = state.isClosed;
    this.#processes = state.processes;
    this.isIncomplete = state.isIncomplete;
  }

  get lanes(): readonly Readonly<LaneGrammar>[] {
    return this.#lanes;
  }

  /** A copy. */
  get state(): GrammarState {
    const lanes = this.#lanes.map((lane) => structuredClone(lane));
    const { isIncomplete } = this;
    const open = this.#open ?? null;
    return { open, isClosed: this.#isClosed, processes: this.#processes, isIncomplete, lanes, tally: this.tally.state };
  }

  /** @returns why this line can't stand after the lines before it, as a sentence; undefined: it can. */
  apply(record: LedgerRecord): string | undefined {
    const problem = this.#lineProblem(record);
    this.tally.add(record);
    return problem;
  }

  /** A line that can't be read stands here. */
  miss(): void {
    this.tally.lines += 1;
    this.isIncomplete = true;
  }

  #lineProblem(record: LedgerRecord): string | undefined {
    if (record.t === "open") return this.#applyOpen(record);
    if (this.#open === undefined) return `a ledger begins with "open", not with "${record.t}"`;
    const late = this.#isClosed ? `"${record.t}" after "close", without a new "open"` : undefined;
    if (record.t === "close") return late ?? this.#applyClose(record);
    const lane = this.#lanes[record.p];
    if (lane === undefined) return `there is no partition ${record.p}, only ${this.#open.partitions}`;
    const problem = record.t === "attempt" ? attemptProblem(lane, record) : this.#outcomeProblem(lane, record);
    if (record.t === "attempt") this.#follow(lane, record);
    else settle(lane, record);
    return late ?? problem;
  }

  #applyOpen(record: LedgerOpen): string | undefined {
    this.#isClosed = false;
    this.#processes += 1;
    const first = this.#open;
    this.#open ??= record;
    if (first !== undefined) {
      const difference = sameRun(first, record);
      return difference === undefined ? undefined : `"open" of another run: ${difference}`;
    }
    for (let partition = 0; partition < record.partitions; partition++) this.#lanes.push(new LaneGrammar());
    return undefined;
  }

  #applyClose(record: LedgerClose): string | undefined {
    this.#isClosed = true;
    const open = this.#lanes.findIndex((lane) => lane.isOpen);
    return open < 0
      ? this.#totalsProblem(record)
      : `"close", but attempt ${this.#lanes[open]?.attempts} of sequence ${this.#lanes[open]?.sequence} of partition ${open} has no outcome`;
  }

  #totalsProblem(record: LedgerClose): string | undefined {
    if (this.isIncomplete) return undefined;
    const expected = this.tally.closing(record.at_ms);
    for (const [name, value] of Object.entries(expected))
      if (record[name as keyof LedgerClose] !== value)
        return `"close" says ${name} ${record[name as keyof LedgerClose]}, but the lines before it come to ${value}`;
    return undefined;
  }

  #outcomeProblem(lane: LaneGrammar, record: Exclude<LedgerRecord, LedgerOpen | LedgerAttempt | LedgerClose>) {
    const { p, s, n, t } = record;
    if (!lane.isUnsettled || !lane.isOpen || s !== lane.sequence)
      return `"${t}" of partition ${p}, sequence ${s}, without its attempt`;
    if (n !== lane.count)
      return `"${t}" of partition ${p}, sequence ${s}: ${n} events, but its attempt has ${lane.count}`;
    if (t === "ack" && record.o < 0) return `"ack" of partition ${p}, sequence ${s}: offset ${record.o} is negative`;
    // A new process can't have read the answer to another one's request.
    if (t !== "indeterminate" && lane.process !== this.#processes)
      return `"${t}" of partition ${p}, sequence ${s}: a producer before the last "open" made the attempt`;
    return undefined;
  }

  #follow(lane: LaneGrammar, record: LedgerAttempt): void {
    lane.isUnsettled = lane.isOpen = true;
    lane.process = this.#processes;
    lane.sequence = record.s;
    lane.count = record.n;
    lane.firstMs = record.first_ms;
    lane.lastMs = record.last_ms;
    lane.attempts = record.a;
    lane.nextSequence = record.s + record.n;
  }
}

function attemptProblem(lane: LaneGrammar, record: LedgerAttempt): string | undefined {
  const { p, s, n, a } = record;
  if (n < 1) return `attempt of ${n} events of partition ${p}`;
  if (!lane.isUnsettled)
    return s === lane.nextSequence && a === 1
      ? undefined
      : `expected attempt 1 of sequence ${lane.nextSequence} of partition ${p}, not ${a} of ${s}`;
  const batch = `the batch at sequence ${lane.sequence} of partition ${p}`;
  if (s !== lane.sequence) return `attempt of sequence ${s}, but ${batch} is not settled`;
  if (n !== lane.count || record.first_ms !== lane.firstMs || record.last_ms !== lane.lastMs)
    return `${batch} is tried again with other events: another number or other creation times`;
  if (lane.isOpen) return `${batch} is tried again, but attempt ${lane.attempts} has no outcome`;
  if (a !== lane.attempts + 1) return `attempt ${a} of ${batch} after attempt ${lane.attempts}`;
  return undefined;
}

function settle(lane: LaneGrammar, record: { t: string; s: number; n: number }): void {
  lane.isOpen = false;
  lane.nextSequence = Math.max(lane.nextSequence, record.s + record.n);
  if (record.t !== "indeterminate") lane.isUnsettled = false;
}
