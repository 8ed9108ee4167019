import type { WitnessOf, WitnessRecord } from "./witness.ts";

/** What the file must fit. `fromMs`, `toMs`: when the run was. `run`, `partitions`: undefined: unknown. */
export type WitnessScope = {
  run?: number | undefined;
  partitions?: number | undefined;
  fromMs?: number;
  toMs?: number;
};

/** A line of a slow snapshot has the time when the snapshot began, and clocks are corrected. */
const ORDER_SLACK_MS = 60_000;
const CLOCK_SLACK_MS = 10_000;

type Lane = { to: number; isCut: boolean };

/** The grammar of a witness file as a state machine: which line can follow which. Its memory grows with the partitions only. */
export class WitnessGrammar {
  readonly #scope: WitnessScope;
  readonly #lanes = new Map<number, Lane>();
  #run: number | undefined;
  #session = 0;
  #isClosed = false;
  #lines = 0;
  #lastMs = -Infinity;
  #isIncomplete = false;

  constructor(scope: WitnessScope = {}) {
    this.#scope = scope;
  }

  /** Lines so far. */
  get lines(): number {
    return this.#lines;
  }

  /** Number of the last session; 0: none. */
  get session(): number {
    return this.#session;
  }

  /** A line that can't be read stands here. */
  miss(): void {
    this.#lines += 1;
    this.#isIncomplete = true;
  }

  /** @returns why this line can't stand after the lines before it, as a sentence; undefined: it can. */
  apply(record: WitnessRecord): string | undefined {
    const problem = this.#lineProblem(record) ?? this.#timeProblem(record);
    this.#lastMs = Math.max(this.#lastMs, record.at_ms);
    this.#lines += 1;
    return problem;
  }

  #timeProblem({ t, at_ms: atMs }: WitnessRecord): string | undefined {
    const { fromMs = -Infinity, toMs = Infinity } = this.#scope;
    if (atMs < this.#lastMs - ORDER_SLACK_MS)
      return `the time of "${t}" is ${this.#lastMs - atMs} ms before that of an earlier line`;
    if (atMs < fromMs - CLOCK_SLACK_MS) return `the time of "${t}" is ${fromMs - atMs} ms before the run was created`;
    if (atMs > toMs + CLOCK_SLACK_MS) return `the time of "${t}" is in the future`;
    return undefined;
  }

  #lineProblem(record: WitnessRecord): string | undefined {
    if (record.t === "open") return this.#open(record);
    if (this.#session === 0) return `a witness begins with "open", not with "${record.t}"`;
    if (this.#isClosed) return `"${record.t}" after "close", without a new "open"`;
    if (record.t === "close") return this.#close(record);
    if (record.t === "totals") return totalsProblem(record);
    const { partitions } = this.#scope;
    if (partitions !== undefined && record.partition >= partitions)
      return `there is no partition ${record.partition}, only ${partitions}`;
    if (record.t === "log") return this.#log(record);
    if (record.t === "rows")
      return record.from < record.to ? undefined : `rows of the empty range ${record.from} to ${record.to}`;
    if (record.t === "ends") {
      const lane = this.#lanes.get(record.partition);
      if (lane !== undefined && record.high_watermark < lane.to) lane.isCut = true;
    }
    return undefined;
  }

  #open({ run, session }: WitnessOf<"open">): string | undefined {
    const expected = this.#session + 1;
    const first = (this.#run ??= run);
    this.#session = session;
    this.#isClosed = false;
    if (run !== first) return `"open" of run ${run}, but the file began with run ${first}`;
    if (this.#scope.run !== undefined && run !== this.#scope.run)
      return `"open" of run ${run}, but the ledger is of run ${this.#scope.run}`;
    return session === expected || this.#isIncomplete ? undefined : `session ${session} after session ${expected - 1}`;
  }

  #close({ lines }: WitnessOf<"close">): string | undefined {
    this.#isClosed = true;
    return lines === this.#lines || this.#isIncomplete
      ? undefined
      : `"close" says that ${lines} lines were before it, but there are ${this.#lines}`;
  }

  #log({ partition, from, to, records }: WitnessOf<"log">): string | undefined {
    const lane = this.#lanes.get(partition);
    this.#lanes.set(partition, { to, isCut: false });
    if (from >= to) return `records of the empty range ${from} to ${to}`;
    if (records > to - from) return `${records} records of the ${to - from} offsets ${from} to ${to - 1}`;
    // Offsets that Kafka has deleted meanwhile are left out; none is read twice, unless the log was seen shorter.
    if (lane !== undefined && from < lane.to && !lane.isCut && !this.#isIncomplete)
      return `offsets of partition ${partition} from ${from} on, but those below ${lane.to} were read before`;
    return undefined;
  }
}

function totalsProblem({ agree, problems }: WitnessOf<"totals">): string | undefined {
  if (agree === (problems.length === 0)) return undefined;
  return agree ? `"totals" agree, but name what disagreed` : `"totals" disagree, but do not say how`;
}
