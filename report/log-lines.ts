import { createReadStream } from "node:fs";

/** A line is never longer than this in what we write; a damaged file must not fill the memory. */
const MAXIMUM_LINE = 1 << 20;

/**
 * Every complete line of a file, in order, one chunk of the file in memory at a time. What stands after the last "\n" is torn and is left out.
 * @throws ENOENT and the other errors of reading a file.
 */
export async function* logLines(path: string): AsyncGenerator<string[]> {
  let rest = "";
  for await (const chunk of createReadStream(path, { encoding: "utf8", highWaterMark: 1 << 18 })) {
    const lines = (rest + (chunk as string)).split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > MAXIMUM_LINE) rest = ""; // its end comes as a damaged line
    yield lines;
  }
}

export function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
