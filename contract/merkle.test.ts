import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { merkleRoot } from "./merkle.ts";

const leaf = (text: string) => createHash("sha256").update("\u0000").update(text).digest("hex");
const node = (left: string, right: string) =>
  createHash("sha256")
    .update(Buffer.from(`01${left}${right}`, "hex"))
    .digest("hex");
const [a, b, c, d, e] = ["a", "b", "c", "d", "e"].map(leaf) as [string, string, string, string, string];

test("is the tree of RFC 6962: halves of a power of two, and a last one without a neighbour goes up", () => {
  expect(merkleRoot([])).toBe(createHash("sha256").digest("hex"));
  expect(merkleRoot([a])).toBe(a);
  expect(merkleRoot([a, b, c])).toBe(node(node(a, b), c));
  expect(merkleRoot([a, b, c, d, e])).toBe(node(node(node(a, b), node(c, d)), e));
});

test("any other leaf, order or number of leaves has another root", () => {
  const roots = [
    [a, b, c],
    [b, a, c],
    [a, b],
    [a, b, c, c],
    [a, b, d],
  ].map(merkleRoot);
  expect(new Set(roots).size).toBe(5);
});
