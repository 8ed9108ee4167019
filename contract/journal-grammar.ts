import type { JournalClose, JournalOpen, JournalRecord } from "./journal.ts";
import { JournalTally } from "./journal-tally.ts";

/** When the run was, ms since 1970: no line of its journal can have another time. */
export type JournalTimes = { fromMs: number; toMs: number };

/** A line may be this much older than the line before it: a watchdog and an engine may write at once, and clocks are corrected. */
const CLOCK_SLACK_MS = 1000;

type Outcome = Exclude<Extract<JournalRecord, { id: number }>, { t: "planned" }>;

type FaultState = {
  kind: string;
  node: string;
  /** Number of the engine that planned it. */
  engine: number;
  effective?: boolean;
  healedBy?: "engine" | "other";
  isFailed: boolean;
  isRecovered: boolean;
};

/**
 * The grammar of a fault journal as a state machine: which line can follow which. An engine writes `open`, then for each fault `planned`,
 * `active`, `healed` and perhaps `recovered`, or `failed`, then `close`. If it dies, a watchdog or `heal` writes `healed` and `close`. What
 * the lines mean is told by fault-history.ts.
 */
export class JournalGrammar {
  readonly #times: JournalTimes;
  readonly #faults = new Map<number, FaultState>();
  #engine = 0;
  #first: JournalOpen | undefined;
  /** Of the engine at work; undefined: none is. */
  #tally: JournalTally | undefined;
  /** Least id that no line had before the engine's `open`: the engine adds it to the ids of its plan. */
  #firstId = 0;
  #nextId = 0;
  #lastMs = 0;
  #isIncomplete = false;

  constructor(times: JournalTimes = { fromMs: -Infinity, toMs: Infinity }) {
    this.#times = times;
  }

  /** There was an `open`, and no `close` since: an engine is at work, or it died and nobody has healed since. */
  get isOpen(): boolean {
    return this.#tally !== undefined;
  }

  /** @returns the `close` that can follow now; undefined: none can. */
  closing(atMs: number): JournalClose | undefined {
    return this.#tally?.closing(atMs);
  }

  /** @returns why this line can't stand after the lines before it, as a sentence; undefined: it can. */
  apply(record: JournalRecord): string | undefined {
    const problem = this.#timeProblem(record);
    this.#lastMs = Math.max(this.#lastMs, record.at_ms);
    return this.#lineProblem(record) ?? problem;
  }

  /** A line that can't be read stands here: totals after it can't be checked. */
  miss(): void {
    this.#isIncomplete = true;
  }

  #timeProblem({ t, at_ms: atMs }: JournalRecord): string | undefined {
    if (atMs < this.#lastMs - CLOCK_SLACK_MS)
      return `the time of "${t}" is ${this.#lastMs - atMs} ms before that of an earlier line`;
    if (atMs < this.#times.fromMs - CLOCK_SLACK_MS)
      return `the time of "${t}" is ${this.#times.fromMs - atMs} ms before the run was created`;
    if (atMs > this.#times.toMs + CLOCK_SLACK_MS) return `the time of "${t}" is in the future`;
    return undefined;
  }

  #lineProblem(record: JournalRecord): string | undefined {
    if (record.t === "open") return this.#begin(record);
    if (this.#engine === 0) return `a journal begins with "open", not with "${record.t}"`;
    if (record.t === "close") return this.#end(record);
    this.#tally?.add(record);
    const { id } = record;
    this.#nextId = Math.max(this.#nextId, id + 1);
    const fault = this.#faults.get(id);
    if (this.#tally === undefined)
      return `fault ${id} is ${record.t}, but no engine was at work: "close" without a new "open"`;
    if (record.t === "planned") {
      if (fault !== undefined) return `fault ${id} is planned twice`;
      this.#faults.set(id, {
        kind: record.fault.kind,
        node: record.node,
        engine: this.#engine,
        isFailed: false,
        isRecovered: false,
      });
      if (id - record.fault.id !== this.#firstId)
        return `fault ${id} has the plan's id ${record.fault.id}, which should make it ${this.#firstId + record.fault.id}`;
      if (record.undo.node !== record.node)
        return `fault ${id} strikes ${record.node}, but its undo is of ${record.undo.node}`;
      return this.#tally.isWithinPlan ? undefined : `fault ${id} is more than the plan has`;
    }
    if (fault !== undefined) return this.#outcomeProblem(record, fault);
    if (record.t !== "failed") return `fault ${id} is ${record.t}, but was never planned`;
    // A fault that could not even be begun (no such node, no time left) has a `failed` line alone.
    this.#tally.addUnbegun();
    this.#faults.set(id, { kind: "", node: "", engine: this.#engine, isFailed: true, isRecovered: false });
    if (id < this.#firstId) return `fault ${id} is failed, but its id is one of an earlier plan`;
    return this.#tally.isWithinPlan ? undefined : `fault ${id} is more than the plan has`;
  }

  #outcomeProblem(record: Outcome, fault: FaultState): string | undefined {
    const { t, id } = record;
    const isOwn = fault.engine === this.#engine;
    if (fault.isFailed) return `fault ${id} is ${t} after it was failed`;
    switch (record.t) {
      case "active": {
        const isFirst = fault.effective === undefined && fault.healedBy !== "engine";
        fault.effective ??= record.effective;
        if (!isFirst) return `fault ${id} is active after it was ${fault.healedBy === undefined ? "active" : "healed"}`;
        if (!isOwn) return `fault ${id} is active, but an engine before the last "open" planned it`;
        if (record.kind !== fault.kind || record.node !== fault.node)
          return `fault ${id} is active as ${record.kind} of ${record.node}, but planned as ${fault.kind} of ${fault.node}`;
        return undefined;
      }
      case "healed": {
        const before = fault.healedBy;
        if (record.by !== "engine") {
          // An engine that hangs may go on after its watchdog has healed; nobody heals again what is healed.
          fault.healedBy ??= "other";
          return before === undefined ? undefined : `fault ${id} is healed by ${record.by} after it was healed`;
        }
        fault.healedBy = "engine";
        if (before === "engine") return `fault ${id} is healed twice by its engine`;
        if (fault.effective === undefined) return `fault ${id} is healed by its engine, but was never active`;
        return isOwn ? undefined : `fault ${id} is healed by its engine after another engine's "open"`;
      }
      case "failed":
        fault.isFailed = true;
        if (fault.effective !== undefined || fault.healedBy === "engine")
          return `fault ${id} is failed after it was active`;
        return isOwn ? undefined : `fault ${id} is failed, but an engine before the last "open" planned it`;
      default: {
        const isFirst = !fault.isRecovered;
        fault.isRecovered = true;
        if (!isFirst) return `fault ${id} is recovered twice`;
        if (fault.healedBy !== "engine" || fault.effective !== true || !isOwn)
          return `fault ${id} is recovered, but its engine did not heal it before`;
        return record.node === fault.node
          ? undefined
          : `fault ${id} is recovered on ${record.node}, but was planned on ${fault.node}`;
      }
    }
  }

  #begin(record: JournalOpen): string | undefined {
    const isClosed = this.#tally === undefined;
    this.#engine += 1;
    this.#first ??= record;
    this.#tally = new JournalTally(record);
    this.#firstId = this.#nextId;
    if (record.run !== this.#first.run)
      return `"open" of run ${record.run}, but the journal is of run ${this.#first.run}`;
    // An engine heals all that is left over before it writes its `open`, and closes the journal of an engine that died.
    return this.#unhealed('"open"') ?? (isClosed ? undefined : '"open", but the engine before has no "close"');
  }

  #end(record: JournalClose): string | undefined {
    const expected = this.#tally?.closing(record.at_ms);
    this.#tally = undefined;
    if (expected === undefined) return '"close" without an "open"';
    const problem = this.#unhealed('"close"');
    if (problem !== undefined || this.#isIncomplete) return problem;
    for (const [name, value] of Object.entries(expected))
      if (record[name as keyof JournalClose] !== value)
        return `"close" says ${name} ${record[name as keyof JournalClose]}, but the lines before it come to ${value}`;
    return undefined;
  }

  #unhealed(line: string): string | undefined {
    for (const [id, fault] of this.#faults)
      if (fault.healedBy === undefined && !fault.isFailed) return `${line}, but fault ${id} is not healed`;
    return undefined;
  }
}
