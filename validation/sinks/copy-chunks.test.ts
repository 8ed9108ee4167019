import { expect, test } from "vitest";
import { CopyChunks } from "./copy-chunks.ts";

function linesOf(...chunks: Buffer[]): string[] {
  const lines: string[] = [];
  const splitter = new CopyChunks((bytes, from, to) => lines.push(bytes.toString("utf8", from, to)));
  for (const chunk of chunks) splitter.push(chunk);
  return lines;
}

test.each<[string[], string[]]>([
  [["a\nbc\n"], ["a", "bc"]],
  [
    ["a\nbc", "d\n"],
    ["a", "bcd"],
  ],
  [["a", "b", "c\n"], ["abc"]],
  [
    ["a\n", "b\n"],
    ["a", "b"],
  ],
  [["\n\n"], ["", ""]],
  [
    ["a\n\nb", "\n"],
    ["a", "", "b"],
  ],
  [["a\nb"], ["a"]],
  [["", "a\n"], ["a"]],
])("%j", (chunks, lines) => {
  expect(linesOf(...chunks.map((chunk) => Buffer.from(chunk)))).toEqual(lines);
});

test("a chunk that is used again meanwhile changes nothing", () => {
  const lines: string[] = [];
  const splitter = new CopyChunks((bytes, from, to) => lines.push(bytes.toString("utf8", from, to)));
  const chunk = Buffer.from("a\nbc");
  splitter.push(chunk);
  chunk.fill("x");
  splitter.push(Buffer.from("d\n"));
  expect(lines).toEqual(["a", "bcd"]);
});
