import { unescapeCopy } from "../sinks/copy-text.ts";
import { exactInteger } from "../read/exact-integer.ts";

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

  /** @param text a timestamptz in COPY's text format, in UTC. @returns what is wrong with it, as a sentence. */
  problem(column: string, text: string | undefined): string | undefined {
    const plain = text === undefined ? null : unescapeCopy(text);
    const atMs = Date.parse((plain ?? "").replace(" ", "T").replace(/\+00$/, "Z"));
    if (Number.isNaN(atMs)) return `${column} is ${plain ?? "null"}, which is no time of this run`;
    if (atMs < this.#fromMs) return `${column} is ${plain}, before the run was created`;
    return atMs > this.#toMs ? `${column} is ${plain}, in the future` : undefined;
  }
}

/** Who has written a row of sink_offsets, and when. A driver claims all partitions of a topic at once, with one generation from 1 on. */
export class OffsetWriter {
  readonly #span: RunSpan;
  #generation: number | undefined;
  /** Said once, since nobody knows which partition is the odd one. */
  #isMixed = false;

  constructor(span: RunSpan) {
    this.#span = span;
  }

  /** @param texts generation, writer_pid and updated_at. @returns what is wrong with them, as sentences. */
  problems([generationText, pidText, updatedText]: readonly string[]): string[] {
    const problems: string[] = [];
    const generation = exactInteger(generationText ?? "");
    if (generation === undefined || generation < 1)
      problems.push(`generation is ${generationText}, but a driver's claim begins at 1`);
    else if ((this.#generation ??= generation) !== generation && !this.#isMixed) {
      this.#isMixed = true;
      problems.push(`generation is ${generation}, but ${this.#generation} in another partition`);
    }
    const pid = exactInteger(pidText ?? "");
    // Null since the last claim, until the partition is written again.
    if (pidText !== "\\N" && (pid === undefined || pid < 1 || pid > MOST_PID))
      problems.push(`writer_pid is ${pidText}, which no session has`);
    const late = this.#span.problem("updated_at", updatedText);
    return late === undefined ? problems : [...problems, late];
  }
}
