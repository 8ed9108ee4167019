import { appendFile, readFile, truncate } from "node:fs/promises";
import { type CommitsRecord, decodeCommits, encodeCommits } from "../../contract/commits.ts";

/** Sequences [from, to) of one partition. */
export type SequenceRange = { from: number; to: number };

/** Appends to commits.ndjson, and knows what of it was read before. */
export class CommitsLog {
  readonly #path: string;
  /** By partition, in order, none touches another. */
  readonly #ranges = new Map<number, SequenceRange[]>();
  /** By fault: the partitions that were read for it. */
  readonly #faults = new Map<number, Set<number>>();

  private constructor(path: string) {
    this.#path = path;
  }

  /** Reads what is there. What stands behind the last `read` line is a range that was not finished: it is cut off, and read again. @throws the errors of reading and writing a file. */
  static async open(path: string): Promise<CommitsLog> {
    const log = new CommitsLog(path);
    const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return "";
      throw error;
    });
    let [size, whole] = [0, 0];
    for (const line of text.split(/(?<=\n)/)) {
      size += Buffer.byteLength(line);
      const record = line.endsWith("\n") ? decodeCommits(line) : undefined;
      if (record?.t !== "read") continue;
      whole = size;
      log.#note(record);
    }
    if (whole < size) await truncate(path, whole);
    return log;
  }

  /** Whether the commits of this partition were read for this fault. */
  isRead(fault: number, partition: number): boolean {
    return this.#faults.get(fault)?.has(partition) === true;
  }

  /** @returns what of a range was never read, for whichever fault. */
  missing(partition: number, { from, to }: SequenceRange): SequenceRange[] {
    const missing: SequenceRange[] = [];
    let next = from;
    for (const known of this.#ranges.get(partition) ?? []) {
      if (known.from > next) missing.push({ from: next, to: Math.min(known.from, to) });
      next = Math.max(next, known.to);
      if (next >= to) break;
    }
    if (next < to) missing.push({ from: next, to });
    return missing.filter((range) => range.from < range.to);
  }

  /** Writes commits and the `read` line that closes them, all at once. */
  async append(commits: readonly CommitsRecord[], read: Extract<CommitsRecord, { t: "read" }>): Promise<void> {
    await appendFile(this.#path, [...commits, read].map(encodeCommits).join(""));
    this.#note(read);
  }

  #note({ fault, partition, from_sequence: from, to_sequence: to }: Extract<CommitsRecord, { t: "read" }>): void {
    const partitions = this.#faults.get(fault) ?? new Set();
    this.#faults.set(fault, partitions.add(partition));
    const ranges = [...(this.#ranges.get(partition) ?? []), { from, to }].toSorted((a, b) => a.from - b.from);
    const merged: SequenceRange[] = [];
    for (const range of ranges) {
      const last = merged.at(-1);
      if (last !== undefined && range.from <= last.to) last.to = Math.max(last.to, range.to);
      else merged.push({ ...range });
    }
    this.#ranges.set(partition, merged);
  }
}
