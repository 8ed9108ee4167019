import { createReadStream } from "node:fs";

/** Lines that were left out, and why the first few of them: "line 3: its checksum does not fit: …". */
export type Unreadable = { count: number; why: string[] };

/** A line is never longer than this in what we write; a damaged file must not fill the memory. */
const MAXIMUM_LINE = 1 << 20;
const MOST_REASONS = 3;

/**
 * Reads every complete line of a file, in order, one chunk of the file in memory at a time. What stands after the last "\n" is torn and
 * is left out.
 * @param read gives the record of a line, or why it can't be read.
 * @returns the lines that could not be read.
 * @throws ENOENT and the other errors of reading a file.
 */
export async function readRecords<T extends object>(
  path: string,
  read: (line: string) => T | string,
  take: (record: T, line: number) => void,
): Promise<Unreadable> {
  const unreadable: Unreadable = { count: 0, why: [] };
  let number = 0;
  for await (const lines of chunksOfLines(path)) {
    for (const line of lines) {
      number += 1;
      const record = read(line);
      if (typeof record !== "string") take(record, number);
      else if (line !== "") {
        unreadable.count += 1;
        if (unreadable.why.length < MOST_REASONS) unreadable.why.push(`line ${number}: ${record}`);
      }
    }
  }
  return unreadable;
}

async function* chunksOfLines(path: string): AsyncGenerator<string[]> {
  let rest = "";
  for await (const chunk of createReadStream(path, { encoding: "utf8", highWaterMark: 1 << 18 })) {
    const lines = (rest + (chunk as string)).split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > MAXIMUM_LINE) rest = ""; // its end comes as a damaged line
    yield lines;
  }
}
