import { createHash } from "node:crypto";

/**
 * The root of a Merkle tree over leaves, which are SHA-256 values (hex): a pair of neighbours becomes SHA-256 of 0x01 and both; a last one without
 * a neighbour goes up as it is. This is the tree of RFC 6962. No leaves: SHA-256 of nothing. A caller makes its leaves so that none of them can be
 * taken for a pair.
 */
export function merkleRoot(leaves: readonly string[]): string {
  let level: readonly string[] = leaves;
  while (level.length > 1) {
    const above: string[] = [];
    for (let at = 0; at < level.length; at += 2) {
      const [left, right] = [level[at] as string, level[at + 1]];
      above.push(right === undefined ? left : pairOf(left, right));
    }
    level = above;
  }
  return level[0] ?? createHash("sha256").digest("hex");
}

function pairOf(left: string, right: string): string {
  return createHash("sha256")
    .update("\u0001")
    .update(Buffer.from(left, "hex"))
    .update(Buffer.from(right, "hex"))
    .digest("hex");
}
