import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { quiesceSchema } from "../contract/run.ts";

/** A request is some hundred bytes; what is longer is none. */
const BYTES_MAX = 4_096;
/** A clock that is wrong must not silence a producer for ever. */
const LEASE_MAX_MS = 10 * 60_000;

export type LeaseClocks = { wallMs: () => number; monotonicMs: () => number };

/**
 * `quiesce.json`, as its reader sees it. How long a request holds is settled when it is first seen: until its `until_ms` by this machine's clock, but at most
 * 10 minutes; a clock that jumps afterwards changes nothing. Each rewriting with another content, as renewals are, is a new request.
 */
export class QuiesceLease {
  readonly #path: string;
  readonly #onProblem: (problem: string) => void;
  readonly #clocks: LeaseClocks;
  #seen: { text: string; by: string; endMs: number } | undefined;
  #isBad = false;

  /** @param onProblem is told once of a file that is damaged or can't be read; again only after a good one, or none. */
  constructor(path: string, onProblem: (problem: string) => void, clocks: LeaseClocks = { wallMs: Date.now, monotonicMs: () => performance.now() }) {
    this.#path = path;
    this.#onProblem = onProblem;
    this.#clocks = clocks;
  }

  /** Reads the file. @returns who wants silence now; undefined: nobody, or there is no good file. Never throws. */
  async holder(): Promise<string | undefined> {
    try {
      const text = await readShort(this.#path);
      if (text === undefined) this.#seen = undefined;
      else if (text !== this.#seen?.text) this.#seen = { text, ...this.#accept(JSON.parse(text)) };
      this.#isBad = false;
    } catch (error) {
      this.#seen = undefined;
      if (!this.#isBad) this.#onProblem(`${this.#path}: no request: ${(error as Error).message}`);
      this.#isBad = true;
    }
    return this.#seen !== undefined && this.#clocks.monotonicMs() < this.#seen.endMs ? this.#seen.by : undefined;
  }

  #accept(value: unknown): { by: string; endMs: number } {
    const { success, data, error } = quiesceSchema.safeParse(value);
    if (!success) throw new Error(error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`).join("; "));
    return { by: data.by, endMs: this.#clocks.monotonicMs() + Math.min(LEASE_MAX_MS, data.until_ms - this.#clocks.wallMs()) };
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
