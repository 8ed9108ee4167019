import { open, type FileHandle } from "node:fs/promises";
import { FaultlineError } from "../../contract/errors.ts";
import { LogWriter } from "../../contract/log-line.ts";
import type { WitnessRecord } from "../../contract/witness.ts";
import { Backoff } from "./backoff.ts";
import { WitnessPast } from "./witness-past.ts";

const CHUNK_BYTES = 256 * 1024;
const NEWLINE = 0x0a;

/**
 * Appends to witness.ndjson. There is no fsync: after a power loss the last lines may be missing, and the next session goes on before them.
 * A write that fails is tried again at the same place, so a full disk makes the watches wait; nothing piles up in memory.
 */
export class WitnessLog {
  readonly #file: FileHandle;
  readonly #signal: AbortSignal;
  readonly #onProblem: (problem: string | undefined) => void;
  #writer: LogWriter<WitnessRecord>;
  #size: number;
  #lines: number;
  #tail: Promise<void> = Promise.resolve();
  readonly past: WitnessPast;

  private constructor(file: FileHandle, size: number, past: WitnessPast, on: WitnessLogOptions) {
    this.#file = file;
    this.#size = size;
    this.#lines = past.lines;
    this.#writer = new LogWriter(past.crc);
    this.#signal = on.signal;
    this.#onProblem = on.onProblem;
    this.past = past;
  }

  /**
   * Opens the file, reads it, and cuts a torn last line off.
   * @throws FaultlineError FL_CONFIG_INVALID when a line is damaged or of another run: then nothing is changed.
   */
  static async open(path: string, run: number, on: WitnessLogOptions): Promise<WitnessLog> {
    const file = await open(path, "a+").then(async (made) => {
      await made.close();
      return open(path, "r+");
    });
    try {
      const past = new WitnessPast(run);
      let number = 0;
      const size = await readLines(file, (line) => {
        number += 1;
        const problem = past.add(line);
        if (problem === undefined) return;
        throw new FaultlineError("FL_CONFIG_INVALID", `${path}: line ${number}: ${problem}`, {
          remedy: "move the file away: the validator then says for which time nobody watched",
        });
      });
      await file.truncate(size);
      return new WitnessLog(file, size, past, on);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Lines so far. */
  get lines(): number {
    return this.#lines;
  }

  /** Writes records in their order, behind all that were given before. Resolves when they are written, or when the witness ends. */
  append(records: readonly WitnessRecord[]): Promise<void> {
    if (records.length === 0) return Promise.resolve();
    this.#tail = this.#tail.then(() => this.#write(records));
    return this.#tail;
  }

  /** The last line; then the file is closed. */
  async close(): Promise<void> {
    await this.#tail;
    await this.#write([{ t: "close", lines: this.#lines, at_ms: Date.now() }]);
    await this.#file.close().catch(() => undefined);
  }

  async #write(records: readonly WitnessRecord[]): Promise<void> {
    const writer = new LogWriter<WitnessRecord>(this.#writer.crc);
    const bytes = Buffer.from(records.map((record) => writer.encode(record)).join(""));
    const backoff = new Backoff(this.#signal);
    for (;;)
      try {
        await writeAll(this.#file, bytes, this.#size);
        break;
      } catch (error) {
        this.#onProblem((error as Error).message);
        // At the end one try is enough; the next session cuts a torn line off.
        if (this.#signal.aborted) return;
        await backoff.wait();
      }
    this.#onProblem(undefined);
    this.#writer = writer;
    this.#size += bytes.length;
    this.#lines += records.length;
  }
}

type WitnessLogOptions = { signal: AbortSignal; onProblem: (problem: string | undefined) => void };

async function writeAll(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;)
    done += (await file.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
}

/** @returns the size of the whole lines in bytes. */
async function readLines(file: FileHandle, line: (text: string) => void): Promise<number> {
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  let [rest, size] = [Buffer.alloc(0), 0];
  for (let position = 0; ;) {
    const { bytesRead } = await file.read(chunk, 0, chunk.length, position);
    if (bytesRead === 0) return size;
    position += bytesRead;
    rest = Buffer.concat([rest, chunk.subarray(0, bytesRead)]);
    let from = 0;
    for (let at = rest.indexOf(NEWLINE); at >= 0; at = rest.indexOf(NEWLINE, from)) {
      line(rest.toString("utf8", from, at));
      size += at + 1 - from;
      from = at + 1;
    }
    rest = rest.subarray(from);
  }
}
