import type { QuietResult } from "../frontier/quiet.ts";
import { batchesOf } from "../read/batch-bytes.ts";
import type { LookUpRows } from "../read/commit-times.ts";
import type { LogRange } from "../read/kafka-log.ts";
import { UnreadableError } from "../read/unreadable-error.ts";
import { SECTIONS, type Taken } from "../../contract/evidence.ts";
import { EvidenceFile } from "./evidence-file.ts";
import { answersSchema, partSection, QUIET, readTimes } from "./evidence-facts.ts";
import type { EvidencePlace } from "./place.ts";
import type { Question } from "./question.ts";
import type { RunServers } from "./run-servers.ts";
import type { PartitionSource, TablePart } from "./run-source.ts";

/** Log and tables in an evidence file. */
export class EvidencePartitions implements PartitionSource {
  readonly #place: EvidencePlace;
  #file: Promise<EvidenceFile> | undefined;

  constructor(place: EvidencePlace) {
    this.#place = place;
  }

  /** @throws UnreadableError: the evidence lacks it, or it has another byte. FaultlineError FL_EVIDENCE_DAMAGED */
  async copy(part: TablePart, signal: AbortSignal, take: (chunk: Buffer) => void): Promise<void> {
    for await (const chunk of (await this.#open()).read(partSection(part), signal)) take(chunk);
  }

  /** @throws as copy does. */
  async log(range: LogRange, signal: AbortSignal, take: (batches: Buffer, position: number) => number): Promise<void> {
    let position = range.start;
    let rest: Buffer = Buffer.alloc(0);
    for await (const chunk of (await this.#open()).read(SECTIONS.log(range.partition), signal)) {
      const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      const whole = batchesOf(bytes).reduce((sum, batch) => sum + batch.bytes.length, 0);
      if (whole > 0) position = take(bytes.subarray(0, whole), position);
      rest = bytes.subarray(whole);
    }
  }

  async close(): Promise<void> {
    await (await this.#file?.catch(() => undefined))?.close();
  }

  #open(): Promise<EvidenceFile> {
    const { evidence, root } = this.#place;
    this.#file ??= EvidenceFile.open(evidence).then((file) => {
      if (file.root !== root) throw new UnreadableError(`${evidence} was replaced while it was judged`);
      return file;
    });
    return this.#file;
  }
}

/** The servers of a run as an evidence file has them. */
export class EvidenceServers implements RunServers {
  readonly takenMs: number;
  readonly place: EvidencePlace;
  readonly #file: EvidenceFile;
  #answers: Promise<Record<string, unknown>> | undefined;

  constructor(file: EvidenceFile, taken: Taken) {
    this.#file = file;
    this.takenMs = taken.taken_ms;
    this.place = { evidence: file.path, root: file.root };
  }

  waitUntilQuiet(): Promise<QuietResult> {
    return this.ask(QUIET);
  }

  ask = async <Answer>({ name, schema }: Question<Answer>): Promise<Answer> => {
    this.#answers ??= this.#file.json(SECTIONS.FACTS, answersSchema);
    const answers = await this.#answers;
    if (!Object.hasOwn(answers, name)) throw new UnreadableError(`the evidence has no answer to ${name}`);
    const answer = schema.safeParse(answers[name]);
    if (answer.success) return answer.data;
    throw new UnreadableError(`the evidence's answer to ${name} can't be read: ${answer.error.issues[0]?.message}`);
  };

  async beginSnapshot(): Promise<void> {}

  partitions(): PartitionSource {
    return new EvidencePartitions(this.place);
  }

  /** @throws UnreadableError if the section has another byte. */
  async lookUpRows(): Promise<LookUpRows> {
    return readTimes(this.#file.read(SECTIONS.TIMES));
  }

  /** The file stays open: it is the caller's. */
  async close(): Promise<void> {}
}
