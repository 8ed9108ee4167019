import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { FaultlineError } from "../contract/errors.ts";
import { parseJsonFile } from "../contract/parse-file.ts";
import { quiesceSchema } from "../contract/run.ts";

/** A request is some hundred bytes; what is longer is none. */
const BYTES_MAX = 4_096;
/** A clock that is wrong must not quiesce a producer forever. */
const LEASE_MAX_MS = 10 * 60_000;

export type LeaseClocks = { wallMs: () => number; monotonicMs: () => number };

/**
 * The reader of `quiesce.json`. When a request is first seen, its end is fixed: its `until_ms` by this machine's clock, but at most 10 minutes
 * from now. If the clock jumps afterwards, the end does not change. A file with another content, such as a renewal, is a new request.
 */
export class QuiesceLease {
  readonly #path: string;
  readonly #onProblem: (problem: string) => void;
  readonly #clocks: LeaseClocks;
  #seen: { text: string; by: string; endMs: number } | undefined;
  #isBad = false;

  /** @param onProblem is called once for a file that is damaged or can't be read, and again only after a good file, or none. */
  constructor(
    path: string,
    onProblem: (problem: string) => void,
    clocks: LeaseClocks = { wallMs: Date.now, monotonicMs: () => performance.now() },
  ) {
    this.#path = path;
    this.#onProblem = onProblem;
    this.#clocks = clocks;
  }

  /** Reads the file. @returns who asks to quiesce now. Undefined: nobody, or the file is missing or bad. Never throws. */
  async holder(): Promise<string | undefined> {
    try {
      const text = await readShort(this.#path);
      if (text === undefined) this.#seen = undefined;
      else if (text !== this.#seen?.text) this.#seen = { text, ...this.#accept(text) };
      this.#isBad = false;
    } catch (error) {
      this.#seen = undefined;
      const why = error instanceof FaultlineError ? error.message : `${this.#path}: ${(error as Error).message}`;
      if (!this.#isBad) this.#onProblem(`the request to quiesce is ignored: ${why}`);
      this.#isBad = true;
    }
    return this.#seen !== undefined && this.#clocks.monotonicMs() < this.#seen.endMs ? this.#seen.by : undefined;
  }

  #accept(text: string): { by: string; endMs: number } {
    const { by, until_ms } = parseJsonFile(quiesceSchema, text, this.#path, { remedy: "remove the file" });
    return { by, endMs: this.#clocks.monotonicMs() + Math.min(LEASE_MAX_MS, until_ms - this.#clocks.wallMs()) };
  }
}

/** @returns undefined when there is no file. Never waits for a pipe's writer, never reads a large file. */
async function readShort(path: string): Promise<string | undefined> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (file === undefined) return undefined;
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(BYTES_MAX + 1), 0, BYTES_MAX + 1, 0);
    if (bytesRead > BYTES_MAX) throw new Error(`longer than ${BYTES_MAX} bytes`);
    return buffer.toString("utf8", 0, bytesRead);
  } finally {
    await file.close();
  }
}
