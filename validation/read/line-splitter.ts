const NEWLINE = 0x0a;

/**
 * Splits a stream of UTF-8 bytes into lines without their "\n"; what follows the last one stays in `rest`.
 * Each line becomes a string of its own: slices of a chunk would keep the whole chunk in memory.
 */
export class LineSplitter {
  #rest: Buffer = Buffer.alloc(0);
  readonly #line: (line: string) => void;

  constructor(line: (line: string) => void) {
    this.#line = line;
  }

  /** Bytes of the line that has not ended yet. */
  get rest(): Buffer {
    return this.#rest;
  }

  push(chunk: Buffer): void {
    let from = 0;
    let at = chunk.indexOf(NEWLINE);
    if (at >= 0) {
      this.#line(Buffer.concat([this.#rest, chunk.subarray(0, at)]).toString("utf8"));
      this.#rest = Buffer.alloc(0);
      from = at + 1;
      at = chunk.indexOf(NEWLINE, from);
    }
    for (; at !== -1; at = chunk.indexOf(NEWLINE, from)) {
      this.#line(chunk.toString("utf8", from, at));
      from = at + 1;
    }
    // A copy, so that the chunk itself can go.
    this.#rest = Buffer.concat([this.#rest, chunk.subarray(from)]);
  }
}
