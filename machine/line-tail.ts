import { open } from "node:fs/promises";

/** So much of a file is in memory at once, unless a line is longer. */
const CHUNK_BYTES = 1 << 16;
/** A line is never longer than this in what we write: a damaged file must not fill the memory. */
const MAXIMUM_LINE_BYTES = 1 << 20;
const NEWLINE = 0x0a;

/**
 * Follows a file of lines that another process appends to: each `read` gives the lines that were completed since the last one. Bytes after
 * the last "\n" are no line yet. They are read again the next time, so that a writer may cut off or complete a torn line.
 */
export class LineTail {
  readonly #path: string;
  /** Behind the last line that was given, or the start of one that is passed over. */
  #offset: number;
  /** The line at the offset is too long: what is left of it is passed over. */
  #isTooLong = false;
  #inode = 0n;

  /**
   * @param path need not exist yet.
   * @param offset where reading begins: 0, or the `offset` of an earlier tail of this file.
   */
  constructor(path: string, offset = 0) {
    this.#path = path;
    this.#offset = offset;
  }

  /** Bytes of the file up to the end of the last line that was given. */
  get offset(): number {
    return this.#offset;
  }

  /**
   * @param take gets each new line without its "\n", in order. A line of more than 1 MiB is left out.
   * @param onRestart called before the first line of another file: one that was put in the place of the old one, or was cut to less.
   * @param enough asked after each chunk of lines: true ends this read before the end of the file. Default: read to the end.
   * @throws the errors of reading a file, except ENOENT: a file that is not there has no lines.
   */
  async read(
    take: (line: string) => void,
    onRestart: () => void = () => undefined,
    enough: () => boolean = () => false,
  ): Promise<void> {
    try {
      await using file = await open(this.#path, "r");
      const { size, ino } = await file.stat({ bigint: true });
      if (this.#inode === 0n && size >= this.#offset) this.#inode = ino;
      if (ino !== this.#inode || size < this.#offset) this.#restart(ino, onRestart);
      let length = CHUNK_BYTES;
      for (;;) {
        const buffer = Buffer.allocUnsafe(length);
        const { bytesRead } = await file.read(buffer, 0, length, this.#offset);
        const end = buffer.subarray(0, bytesRead).lastIndexOf(NEWLINE);
        if (end >= 0) {
          this.#give(buffer.subarray(0, end), take);
          length = CHUNK_BYTES;
          if (enough()) return;
        } else if (bytesRead < length) return;
        else if (length < MAXIMUM_LINE_BYTES) length *= 2;
        else {
          this.#offset += bytesRead;
          this.#isTooLong = true;
          length = CHUNK_BYTES;
        }
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      if (this.#inode !== 0n || this.#offset > 0) this.#restart(0n, onRestart);
    }
  }

  #give(bytes: Buffer, take: (line: string) => void): void {
    this.#offset += bytes.length + 1;
    const lines = bytes.toString("utf8").split("\n");
    if (this.#isTooLong) lines.shift();
    this.#isTooLong = false;
    for (const line of lines) take(line);
  }

  #restart(inode: bigint, onRestart: () => void): void {
    if (this.#inode !== 0n || this.#offset > 0) onRestart();
    this.#inode = inode;
    this.#offset = 0;
    this.#isTooLong = false;
  }
}
