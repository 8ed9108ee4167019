import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { z } from "zod";
import { healthSchema } from "../../contract/health.ts";
import { journalReader, type JournalRecord } from "../../contract/journal.ts";
import { producerStatusSchema, RUN_FILES, runSchema } from "../../contract/run.ts";
import { decodeSample, type Sample } from "../../contract/sample.ts";
import { verdictSchema } from "../../contract/verdict.ts";
import { LineTail } from "../../machine/line-tail.ts";
import { packed, type PackedSample } from "../../report/page/packed-samples.ts";

/** Bytes of the run's files that a reader has: it goes on behind them. */
export type Position = { samples: number; journal: number };

export function positionText({ samples, journal }: Position): string {
  return `samples:${samples},journal:${journal}`;
}

/** Anything but a position is the beginning. */
export function parsePosition(text: string | null | undefined): Position {
  const [, samples, journal] = /^samples:(\d{1,15}),journal:(\d{1,15})$/.exec(text ?? "") ?? [];
  return { samples: Number(samples ?? 0), journal: Number(journal ?? 0) };
}

/** `id`: the reader's position behind this message. A `reset` says that what was sent before is of other files. */
export type Message =
  | { event: "journal"; id: string; data: { records: JournalRecord[]; unreadable: number } }
  | { event: "samples"; id: string; data: { samples: PackedSample[]; unreadable: number } }
  | { event: "state"; data: { name: StateName; value: unknown } }
  | { event: "reset"; id: string; data: object };

/** Files that are replaced as a whole. */
const STATES = {
  run: { file: RUN_FILES.run, schema: runSchema },
  health: { file: RUN_FILES.health, schema: healthSchema },
  verdict: { file: RUN_FILES.verdict, schema: verdictSchema },
  producer: { file: RUN_FILES.producerStatus, schema: producerStatusSchema },
} as const satisfies Record<string, { file: string; schema: z.ZodType }>;
export type StateName = keyof typeof STATES;

/** The producer replaces its status four times a second: a person needs no more than this. */
const STATE_EVERY_MS = 1_000;
const RECORDS_PER_MESSAGE = 500;

/** A run's files as messages, from a position on, bit by bit. */
export class RunStream {
  readonly #directory: string;
  readonly #samples: LineTail;
  readonly #journal: JournalFollower;
  /** What of each state file was sent: its time, size and number. */
  readonly #sent = new Map<StateName, string>();
  #statesMs = -Infinity;

  constructor(directory: string, from: Position) {
    this.#directory = directory;
    this.#samples = new LineTail(join(directory, RUN_FILES.samples), from.samples);
    this.#journal = new JournalFollower(join(directory, RUN_FILES.journal), from.journal);
  }

  /**
   * @returns what is new, at most one chunk of samples: ask again at once if there was something. The journal comes before the samples that
   *   were taken after it.
   * @throws the errors of reading a file, except ENOENT.
   */
  async next(): Promise<Message[]> {
    const messages: Message[] = [];
    const journal = await this.#journal.read();
    const samples: Sample[] = [];
    let unreadable = 0;
    let isReset = journal.isReset;
    const take = (line: string): void => {
      const sample = decodeSample(line);
      if (sample !== undefined) samples.push(sample);
      else if (line !== "") unreadable += 1;
    };
    const before = this.#samples.offset;
    await this.#samples.read(
      take,
      () => (isReset = true),
      () => true,
    );
    if (isReset) return [{ event: "reset", id: positionText({ samples: 0, journal: 0 }), data: {} }];
    for (const { records, offset, unreadable: lines } of journal.parts)
      messages.push({
        event: "journal",
        id: positionText({ samples: before, journal: offset }),
        data: { records, unreadable: lines },
      });
    if (samples.length > 0 || unreadable > 0) {
      const id = positionText({ samples: this.#samples.offset, journal: this.#journal.offset });
      messages.push({ event: "samples", id, data: { samples: packed(samples), unreadable } });
    }
    if (performance.now() - this.#statesMs >= STATE_EVERY_MS) messages.push(...(await this.#states()));
    return messages;
  }

  async #states(): Promise<Message[]> {
    this.#statesMs = performance.now();
    const messages: Message[] = [];
    for (const name of Object.keys(STATES) as StateName[]) {
      const file = join(this.#directory, STATES[name].file);
      const mark = await stat(file, { bigint: true }).then(
        ({ mtimeNs, size, ino }) => `${mtimeNs} ${size} ${ino}`,
        () => "none",
      );
      if (mark === (this.#sent.get(name) ?? "none")) continue;
      this.#sent.set(name, mark);
      messages.push({ event: "state", data: { name, value: await readState(name, file) } });
    }
    return messages;
  }
}

/** @returns null: it is not there, or can't be read; nobody knows then. */
async function readState(name: StateName, file: string): Promise<unknown> {
  try {
    return STATES[name].schema.safeParse(JSON.parse(await readFile(file, "utf8"))).data ?? null;
  } catch {
    return null;
  }
}

type Part = { records: JournalRecord[]; unreadable: number; offset: number };

/** Reads the journal from its first line, because each line is chained to the one before, and gives what lies behind a position. */
class JournalFollower {
  readonly #lines: LineTail;
  readonly #reader = journalReader();
  readonly #from: number;
  /** Behind the last line that was read. */
  offset = 0;

  constructor(path: string, from: number) {
    this.#lines = new LineTail(path);
    this.#from = from;
  }

  async read(): Promise<{ parts: Part[]; isReset: boolean }> {
    const parts: Part[] = [];
    let isReset = false;
    const isFirst = this.offset === 0;
    const take = (line: string): void => {
      this.offset += Buffer.byteLength(line) + 1;
      const record = this.#reader.read(line);
      if (this.offset <= this.#from) return;
      let part = parts.at(-1);
      if (part === undefined || part.records.length >= RECORDS_PER_MESSAGE)
        parts.push((part = { records: [], unreadable: 0, offset: 0 }));
      if (typeof record !== "string") part.records.push(record);
      else if (line !== "") part.unreadable += 1;
      part.offset = this.offset;
    };
    await this.#lines.read(take, () => (isReset = true));
    // The reader has seen more of the journal than there is.
    if (isFirst && this.offset < this.#from) isReset = true;
    return { parts, isReset };
  }
}
