import { expect, test } from "vitest";
import { compareCopies } from "./compare-copies.ts";
import type { ReplicaCopies } from "./replica-copies.ts";

const buckets = [
  { from: 0, batches: 3, digest: 7 },
  { from: 4096, batches: 1, digest: 9 },
];
const whole = { broker: 2, partition: 1, read_to: 5000, failure: null, damaged: [], buckets };
const compared = (copy: Partial<ReplicaCopies["copies"][0]>) =>
  compareCopies({ copies: [{ ...whole, ...copy }], skipped: [], problem: null }, new Map([[1, buckets]]));

test("a copy that is the same is nothing to tell", () => {
  expect(compared({})).toEqual({ differences: [], unread: [] });
});

test("a copy that differs is named", () => {
  expect(compared({ buckets: [{ from: 0, batches: 3, digest: 8 }] }).differences).toEqual([
    "p1 on broker 2: offsets 0-4095: 3 batches, which are not the 3 of the leader",
    "p1 on broker 2: offsets 4096-8191: 0 batches, which are not the 1 of the leader",
  ]);
  expect(compared({ partition: 0 }).differences).toHaveLength(2);
  expect(compared({ damaged: [40] }).differences).toEqual([
    "p1 on broker 2: the batch at offset 40 does not fit its own CRC",
  ]);
});

test("a copy that was not read to its end proves nothing, but damage in what was read counts", () => {
  expect(compared({ failure: "gone", read_to: 40, buckets: [], damaged: [3] })).toEqual({
    differences: ["p1 on broker 2: the batch at offset 3 does not fit its own CRC"],
    unread: ["the copy of partition 1 on broker 2: read only up to offset 40: gone"],
  });
  const none = { copies: [], skipped: [{ broker: 3, partitions: 4 }], problem: "no broker answers" };
  expect(compareCopies(none, new Map()).unread).toEqual([
    "copies of the log on followers: nobody says where they are (no broker answers)",
    "the copies of 4 more partitions on broker 3: not read",
  ]);
});
