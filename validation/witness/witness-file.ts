import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { WitnessGrammar, type WitnessScope } from "../../contract/witness-grammar.ts";
import { witnessReader } from "../../contract/witness.ts";
import { LineSplitter } from "../read/line-splitter.ts";
import { WitnessSeen } from "./witness-seen.ts";

/** Problems beyond this many are only counted. */
const MOST_PROBLEMS = 10;
/** What the canary damages: so many of the first bytes. */
const BEGINNING_BYTES = 512 * 1024;

/** `problems`: lines that can't be read or can't stand where they stand, as sentences. `beginning`: the first whole lines. `sha256`: of all lines. */
export type WitnessFile = { seen: WitnessSeen; problems: string[]; beginning: Buffer; sha256: string };

/** Reads the lines of a witness file, one after the other. A torn last line counts as never written. */
export class WitnessLines {
  readonly seen: WitnessSeen;
  readonly #reader = witnessReader();
  readonly #grammar: WitnessGrammar;
  readonly #problems: string[] = [];
  #count = 0;

  constructor(scope: WitnessScope & { partitions: number }) {
    this.seen = new WitnessSeen(scope.partitions);
    this.#grammar = new WitnessGrammar(scope);
  }

  add(line: string): void {
    const record = this.#reader.read(line);
    if (typeof record === "string") {
      this.#grammar.miss();
      return this.#complain(record);
    }
    const problem = this.#grammar.apply(record);
    if (problem !== undefined) this.#complain(problem);
    this.seen.add(record);
  }

  get problems(): string[] {
    const more = this.#count - this.#problems.length;
    return more > 0 ? [...this.#problems, `witness.ndjson: and ${more} more problems`] : [...this.#problems];
  }

  #complain(problem: string): void {
    this.#count += 1;
    if (this.#problems.length < MOST_PROBLEMS)
      this.#problems.push(`witness.ndjson line ${this.#grammar.lines}: ${problem}`);
  }
}

/**
 * @param mostBytes what lies behind them is not read: the monitor may go on writing. Default: all that is there.
 * @returns what the file says; undefined: there is none.
 */
export async function readWitness(
  file: string | undefined,
  scope: WitnessScope & { partitions: number },
  mostBytes = Number.MAX_SAFE_INTEGER,
): Promise<WitnessFile | undefined> {
  if (file === undefined || mostBytes === 0) return undefined;
  const lines = new WitnessLines(scope);
  const beginning: string[] = [];
  const hash = createHash("sha256");
  let left = BEGINNING_BYTES;
  const splitter = new LineSplitter((line) => {
    lines.add(line);
    hash.update(`${line}\n`);
    left -= line.length + 1;
    if (left >= 0) beginning.push(`${line}\n`);
  });
  try {
    for await (const chunk of createReadStream(file, { highWaterMark: 256 * 1024, end: mostBytes - 1 }))
      splitter.push(chunk as Buffer);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  return {
    seen: lines.seen,
    problems: lines.problems,
    beginning: Buffer.from(beginning.join("")),
    sha256: hash.digest("hex"),
  };
}
