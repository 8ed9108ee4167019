import { join } from "node:path";
import type { CommitRange } from "../../contract/commits.ts";
import type { FaultHistory } from "../../contract/fault-history.ts";
import { RUN_FILES } from "../../contract/run.ts";
import type { PostgresLogin } from "../../contract/stack.ts";
import type { ObservedRun } from "../observed.ts";
import { pause } from "../witness/backoff.ts";
import { ChangeTeller } from "../witness/change-teller.ts";
import { SinkLink } from "../witness/sink-link.ts";
import { watchLoop } from "../witness/watch-loop.ts";
import { CommitReader } from "./commit-reader.ts";
import { CommitsLog, type SequenceRange } from "./commits-log.ts";
import { type CommitWindow, FaultWindow, WINDOW } from "./fault-window.ts";

export type CommitsOptions = {
  observed: ObservedRun;
  postgres: PostgresLogin;
  /** Called with the reason when PostgreSQL can't be read ("commit times") or keeps none ("commit times kept"), and without one when it can again. */
  onProblem?: (source: string, problem: string | undefined) => void;
  /** @default WINDOW */
  window?: typeof WINDOW;
};

const UNTRACKED = "PostgreSQL runs with track_commit_timestamp = off, so there are no commit times";
const LOOK_EVERY_MS = 500;
/** Rows of one query at most; then the database has this many times the query's own time for others. */
const MOST_ROWS = 2_000;
const PAUSE_TIMES = 4;
const LEAST_PAUSE_MS = 10;

/**
 * Begins to write commits.ndjson in the run directory: whenever a fault is over and its events are visible again, the commit times of the rows
 * around it. What earlier monitors read is not read again; a fault that they did not come to is read now.
 * @throws the errors of reading commits.ndjson; afterwards nothing throws.
 */
export async function startCommits(options: CommitsOptions): Promise<{ stop(): Promise<void> }> {
  const { observed, postgres, onProblem } = options;
  const told = new ChangeTeller(onProblem);
  const tellTracking = told.of("commit times kept");
  const ending = new AbortController();
  const link = new SinkLink(postgres, observed.pipeline.table, "faultline-commits");
  const log = await CommitsLog.open(join(observed.directory, RUN_FILES.commits));
  const watch = new CommitsWatch(options, link, log, ending.signal);
  const loop = watchLoop(LOOK_EVERY_MS, ending.signal, told.of("commit times"), async () => {
    tellTracking((await watch.round()) === "untracked" ? UNTRACKED : undefined);
  });
  return {
    stop: async () => {
      ending.abort();
      link.close();
      await loop;
    },
  };
}

class CommitsWatch {
  readonly #observed: ObservedRun;
  readonly #reader: CommitReader;
  readonly #window: typeof WINDOW;
  readonly #windows = new Map<number, FaultWindow>();
  readonly #link: SinkLink;
  readonly #log: CommitsLog;
  readonly #signal: AbortSignal;

  constructor({ observed, window = WINDOW }: CommitsOptions, link: SinkLink, log: CommitsLog, signal: AbortSignal) {
    this.#observed = observed;
    this.#reader = new CommitReader(observed.pipeline, observed.run);
    this.#window = window;
    this.#link = link;
    this.#log = log;
    this.#signal = signal;
  }

  /** Reads for every fault whose window is over. @throws pg's errors: what was not read is read the next time. */
  async round(): Promise<"read" | "untracked"> {
    const { faults, sample, pipeline } = this.#observed;
    const partitions = Array.from({ length: pipeline.partitions }, (_, partition) => partition);
    for (const fault of faults) {
      if (partitions.every((partition) => this.#log.isRead(fault.id, partition))) continue;
      const window = this.#windowOf(fault).look(fault, sample, Date.now());
      if (window === undefined) continue;
      if (!(await this.#link.use(async (session) => this.#reader.isTracked(session)))) return "untracked";
      await this.#readFault(fault.id, window);
      this.#windows.delete(fault.id);
    }
    return "read";
  }

  #windowOf({ id }: FaultHistory): FaultWindow {
    const known = this.#windows.get(id) ?? new FaultWindow(this.#window);
    this.#windows.set(id, known);
    return known;
  }

  async #readFault(fault: number, window: CommitWindow): Promise<void> {
    const ranges = await this.#link.use(async (session) => this.#reader.rangesOf(session, window));
    for (const [partition, range] of ranges.entries()) {
      if (this.#log.isRead(fault, partition)) continue;
      const commits: CommitRange[] = [];
      for (const missing of this.#log.missing(partition, range))
        commits.push(...(await this.#readRange(partition, missing)));
      if (this.#signal.aborted) return;
      const { from, to } = range;
      const read = { fault, partition, from_sequence: from, to_sequence: to, at_ms: Date.now() };
      await this.#log.append(commits, { t: "read", version: 1, ...read });
    }
  }

  async #readRange(partition: number, { from, to }: SequenceRange): Promise<CommitRange[]> {
    const commits: CommitRange[] = [];
    for (let low = from; low < to && !this.#signal.aborted; low += MOST_ROWS) {
      const startedMs = performance.now();
      const step = { from: low, to: Math.min(to, low + MOST_ROWS) };
      for (const commit of await this.#link.use(async (session) => this.#reader.read(session, partition, step)))
        joinOn(commits, commit);
      await pause(Math.max(LEAST_PAUSE_MS, PAUSE_TIMES * (performance.now() - startedMs)), this.#signal);
    }
    return commits;
  }
}

/** A transaction that two queries saw a part of is one commit. No two transactions of a partition commit in the same microsecond: each waits for the other's lock. */
function joinOn(commits: CommitRange[], next: CommitRange): void {
  const last = commits.at(-1);
  if (last?.committed_us !== next.committed_us) commits.push({ ...next });
  else {
    last.to_sequence = next.to_sequence;
    last.rows += next.rows;
  }
}
