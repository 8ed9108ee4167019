import type { LedgerOpen, LedgerRecord } from "../../contract/ledger.ts";
import type { Pipeline } from "../../contract/pipeline.ts";
import { RUN_FILES } from "../../contract/run.ts";
import type { Premise, VerdictFile } from "../../contract/verdict.ts";
import { recorded } from "../premises/premise.ts";
import type { Ask } from "../source/question.ts";
import { compareRows } from "./compare-rows.ts";
import { unwatched } from "../witness/watch-gaps.ts";
import { readWitness, type WitnessFile } from "../witness/witness-file.ts";
import type { WitnessSeen } from "../witness/witness-seen.ts";

/** The witness of a run, if there was one. Read it before log and tables are read: those may then be further, but never behind. */
export class WitnessEvidence {
  readonly #file: WitnessFile | undefined;
  readonly #open: LedgerOpen;
  readonly #pipeline: Pipeline;
  #span = { fromMs: Infinity, toMs: -Infinity };
  readonly #readMs: number;
  #ranges = { compared: 0, all: 0 };

  private constructor(file: WitnessFile | undefined, open: LedgerOpen, pipeline: Pipeline, readMs: number) {
    this.#readMs = readMs;
    this.#file = file;
    this.#open = open;
    this.#pipeline = pipeline;
  }

  /** @param span when the run was, up to the time when the file was read or taken: no line can have another time. */
  static async read(
    path: string | undefined,
    open: LedgerOpen,
    pipeline: Pipeline,
    span: { fromMs: number; toMs: number },
    mostBytes?: number,
  ): Promise<WitnessEvidence> {
    const file = await readWitness(path, { ...span, run: open.run, partitions: pipeline.partitions }, mostBytes);
    return new WitnessEvidence(file, open, pipeline, span.toMs);
  }

  get seen(): WitnessSeen | undefined {
    return this.#file?.seen;
  }

  /** The first lines as they were read, for the canary. */
  get beginning(): Buffer {
    return this.#file?.beginning ?? Buffer.alloc(0);
  }

  /** Lines that can't be read or can't stand where they stand, as sentences: the verdict is UNKNOWN. */
  get problems(): string[] {
    return this.#file?.problems ?? [];
  }

  /** The checksum of the lines that were read: the monitor may write more. */
  get premises(): Premise[] {
    return this.#file === undefined ? [] : [recorded(`sha256.${RUN_FILES.witness}`, this.#file.sha256)];
  }

  /** Takes the ledger's lines: the time of the run is theirs. */
  follow({ at_ms: atMs }: LedgerRecord): void {
    this.#span = { fromMs: Math.min(this.#span.fromMs, atMs), toMs: Math.max(this.#span.toMs, atMs) };
  }

  /** Reads the rows of the ranges that the witness has read, within the snapshot that is judged. @throws what `ask` throws. */
  async compareRows(ask: Ask, signal: AbortSignal): Promise<void> {
    const { run, seed } = this.#open;
    if (this.seen !== undefined)
      this.#ranges = await compareRows(ask, { pipeline: this.#pipeline, run, seed }, this.seen, signal);
  }

  /** @returns lines for "not proved". */
  notProved(): string[] {
    const { compared, all } = this.#ranges;
    const gap = unwatched(this.seen, this.#span, this.#readMs);
    return [
      ...(gap === undefined ? [] : [gap]),
      ...(compared < all
        ? [
            `rows that were rewritten: ${compared} of the ${all} ranges that the witness has read were compared, chosen at random`,
          ]
        : []),
    ];
  }

  /** @returns the member of verdict.json. */
  summary(): VerdictFile["witness"] {
    const seen = this.seen;
    if (seen === undefined) return null;
    const watchedMs = seen.sessions.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0);
    return {
      sessions: seen.sessions.length,
      watched_s: Math.round(watchedMs / 1000),
      records: seen.records,
      row_ranges: this.#ranges.compared,
      snapshots: seen.snapshots,
    };
  }
}
