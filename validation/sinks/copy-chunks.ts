const NEWLINE = 0x0a;

/**
 * Splits a stream of bytes into lines, and shows each as a range without its "\n". The bytes are valid only during the call: no text is made
 * of them, because a text per line costs more than what is done with it.
 */
export class CopyChunks {
  #rest: Buffer = Buffer.alloc(0);
  readonly #line: (bytes: Buffer, from: number, to: number) => void;

  constructor(line: (bytes: Buffer, from: number, to: number) => void) {
    this.#line = line;
  }

  push(chunk: Buffer): void {
    const last = chunk.lastIndexOf(NEWLINE);
    if (last < 0) {
      this.#rest = Buffer.concat([this.#rest, chunk]);
      return;
    }
    let whole = chunk.subarray(0, last + 1);
    if (this.#rest.length > 0) whole = Buffer.concat([this.#rest, whole]);
    // A copy, so that the chunk itself can go.
    this.#rest = Buffer.from(chunk.subarray(last + 1));
    for (let from = 0; from < whole.length;) {
      const to = whole.indexOf(NEWLINE, from);
      this.#line(whole, from, to);
      from = to + 1;
    }
  }
}
