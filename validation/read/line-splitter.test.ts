import { expect, test } from "vitest";
import { LineSplitter } from "./line-splitter.ts";

/** The lines of these chunks, and what is left. */
function split(...chunks: (string | Buffer)[]): { lines: string[]; rest: string } {
  const lines: string[] = [];
  const splitter = new LineSplitter((line) => lines.push(line));
  for (const chunk of chunks) splitter.push(Buffer.from(chunk as string));
  return { lines, rest: splitter.rest.toString() };
}

test.each<[string[], string[], string]>([
  [[""], [], ""],
  [["a\nbc\n"], ["a", "bc"], ""],
  [["a\nbc"], ["a"], "bc"],
  [["\n\n"], ["", ""], ""],
  [["ab", "c\nd", "\n"], ["abc", "d"], ""],
  [["ab", "cd", "e\n"], ["abcde"], ""],
  [["a", "\n", "\n", "b"], ["a", ""], "b"],
  [["a", "b\nc\nd\ne"], ["ab", "c", "d"], "e"],
])("%j", (chunks, lines, rest) => {
  expect(split(...chunks)).toEqual({ lines, rest });
});

test("a character whose bytes are in two chunks is one", () => {
  const bytes = Buffer.from("aé€\nü\n");
  for (let at = 0; at <= bytes.length; at++)
    expect(split(bytes.subarray(0, at), bytes.subarray(at))).toEqual({ lines: ["aé€", "ü"], rest: "" });
});
