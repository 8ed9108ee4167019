import type { Readable } from "node:stream";

/** More than any question of ours is answered with; the rest is read and dropped. */
const MAX_OUTPUT_BYTES = 1024 * 1024;

/**
 * What a process in a container writes, taken apart: Docker sends frames of a stream number (1 stdout, 2 stderr), three zero bytes and
 * a length, big-endian (Engine API, "Attach to a container", stream format). A frame may come in any number of pieces.
 */
export class OutputDecoder {
  readonly #parts: Record<1 | 2, Buffer[]> = { 1: [], 2: [] };
  #rest: Buffer = Buffer.alloc(0);
  #bytes = 0;

  push(chunk: Buffer): void {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    while (this.#rest.length >= 8) {
      const end = 8 + this.#rest.readUInt32BE(4);
      if (this.#rest.length < end) return;
      const stream = this.#rest[0] === 2 ? 2 : 1;
      if (this.#bytes < MAX_OUTPUT_BYTES) this.#parts[stream].push(this.#rest.subarray(8, end));
      this.#bytes += end - 8;
      this.#rest = this.#rest.subarray(end);
    }
  }

  get stdout(): string {
    return Buffer.concat(this.#parts[1]).toString("utf8");
  }
  get stderr(): string {
    return Buffer.concat(this.#parts[2]).toString("utf8");
  }
}

/** Reads until the process ends or `enough` says so. @throws Error when the time is over or the connection breaks */
export async function readOutput(
  stream: Readable,
  timeoutMs: number,
  enough?: (output: OutputDecoder) => boolean,
): Promise<OutputDecoder> {
  const output = new OutputDecoder();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(() => reject(new Error(`no end of output within ${timeoutMs} ms`)), timeoutMs);
  stream.on("data", (chunk: Buffer) => {
    output.push(chunk);
    if (enough?.(output) === true) resolve();
  });
  stream.once("end", () => resolve());
  stream.once("close", () => resolve());
  stream.once("error", reject);
  try {
    await promise;
    return output;
  } finally {
    clearTimeout(timer);
    stream.on("error", () => {});
    stream.destroy();
  }
}
