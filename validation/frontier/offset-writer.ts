import type { StoredOffset } from "../sinks/stored-tables.ts";

/** PostgreSQL's clock and the one of the machine that created the run may differ so much. */
const CLOCK_SLACK_MS = 60_000;
const MOST_PID = 2 ** 31 - 1;

/** The time in which the run can have stored something. */
export class RunSpan {
  readonly #fromMs: number;
  readonly #toMs: number;

  /** @param createdMs when the run was created. @param asOfMs when the tables were read, default: now. */
  constructor(createdMs: number | undefined, asOfMs = Date.now()) {
    this.#fromMs = (createdMs ?? -Infinity) - CLOCK_SLACK_MS;
    this.#toMs = asOfMs + CLOCK_SLACK_MS;
  }

  /** @param text the time as it is written. @returns what is wrong with it, as a sentence. */
  problem(column: string, atMs: number, text: string | null): string | undefined {
    if (Number.isNaN(atMs)) return `${column} is ${text ?? "null"}, which is no time of this run`;
    if (atMs < this.#fromMs) return `${column} is ${text}, before the run was created`;
    return atMs > this.#toMs ? `${column} is ${text}, in the future` : undefined;
  }
}

type Written = Pick<StoredOffset, "generation" | "writerPid" | "updatedMs" | "updated">;

/** Who has written a row of sink_offsets, and when. A driver claims all partitions of a topic at once, with one generation from 1 on. */
export class OffsetWriter {
  readonly #span: RunSpan;
  #generation: number | undefined;
  /** Said once, since nobody knows which partition is the odd one. */
  #isMixed = false;

  constructor(span: RunSpan) {
    this.#span = span;
  }

  /** @returns what is wrong with generation, writer_pid and updated_at, as sentences. */
  problems({ generation, writerPid, updatedMs, updated }: Written): string[] {
    const problems: string[] = [];
    if (typeof generation !== "number" || generation < 1)
      problems.push(`generation is ${generation}, but a driver's claim begins at 1`);
    else if ((this.#generation ??= generation) !== generation && !this.#isMixed) {
      this.#isMixed = true;
      problems.push(`generation is ${generation}, but ${this.#generation} in another partition`);
    }
    // Null since the last claim, until the partition is written again.
    if (writerPid !== null && (typeof writerPid !== "number" || writerPid < 1 || writerPid > MOST_PID))
      problems.push(`writer_pid is ${writerPid}, which no session has`);
    const late = this.#span.problem("updated_at", updatedMs, updated);
    return late === undefined ? problems : [...problems, late];
  }
}
