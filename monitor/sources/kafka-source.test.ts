import { afterEach, beforeEach, expect, test } from "vitest";
import { until } from "../fixture/postgres.ts";
import { FakeKafka, type FakeRecord } from "../witness/fixture/fake-kafka.ts";
import { KafkaSource } from "./kafka-source.ts";
import { UnstoredRecords } from "./unstored-records.ts";

/** Two brokers: the first leads partitions 0 and 1, the second leads partition 2. */
let first: FakeKafka;
let second: FakeKafka;
let kafka: KafkaSource;
let unstored: UnstoredRecords;
beforeEach(async () => {
  [first, second] = [await FakeKafka.start("payments", 3), await FakeKafka.start("payments", 3)];
  first.peers = [second];
  first.leaders.set(2, 2);
  [first.replicas, first.isr] = [[1, 2], [1]];
  kafka = new KafkaSource([first.address], "payments", 3);
  unstored = new UnstoredRecords([first.address], "payments");
});
afterEach(async () => {
  await Promise.all([kafka.close(), unstored.close()]);
  await Promise.all([first.stop(), second.stop()]);
});

const batch = (firstMs: number, count: number): FakeRecord[] =>
  Array.from({ length: count }, (_, index) => ({ key: `${index}`, value: "v", timestampMs: firstMs + index }));

test("the log ends of leaders that answer count, also while another is silent", async () => {
  first.append(0, batch(1_000, 4));
  second.append(2, batch(1_000, 9));
  expect(await kafka.ask()).toEqual({ logEnds: [4, 0, 9], isr: [1, 1, 1], underReplicated: 3 });
  second.isSilent = true;
  first.isr = [1, 2];
  expect(await kafka.ask()).toEqual({ logEnds: [4, 0, null], isr: [2, 2, 2], underReplicated: 0 });
  second.isSilent = false;
  second.append(2, batch(2_000, 1));
  expect((await kafka.ask()).logEnds).toEqual([4, 0, 10]);
});

test("a partition that nobody leads has an ISR of 0, and no log end", async () => {
  first.leaders.set(1, -1);
  expect(await kafka.ask()).toMatchObject({ logEnds: [0, null, 0], isr: [1, 0, 1] });
});

test("the oldest record that is not stored is the one at next_offset, also within a batch", async () => {
  first.append(0, batch(1_000, 4));
  first.append(0, batch(5_000, 4));
  second.append(2, batch(3_000, 2));
  await unstored.look([2, 0, 2]);
  const ends = [8, 0, 2];
  expect(unstored.ages([2, 0, 2], ends, 10_000)).toEqual([8_998, 0, 0]);
  await unstored.look([4, 0, 1]);
  expect(unstored.ages([4, 0, 1], ends, 10_000)).toEqual([5_000, 0, 6_999]);
  // What was not asked is not known.
  expect(unstored.ages([5, 0, 1], ends, 10_000)).toEqual([null, 0, 6_999]);
  // A clock that was corrected makes no record of the future.
  expect(unstored.ages([4, 0, 1], ends, 2_000)).toEqual([0, 0, 0]);
});

test("a record that is known is not fetched again; where there was none, one may have come", async () => {
  first.append(0, batch(1_000, 4));
  await unstored.look([1, 0, 0]);
  const fetches = first.fetches;
  expect(unstored.ages([1, 0, 0], [4, 0, 0], 2_000)).toEqual([999, 0, 0]);
  first.append(1, batch(1_500, 1));
  await unstored.look([1, 0, 0]);
  expect(first.fetches).toBe(fetches + 1);
  expect(unstored.ages([1, 0, 0], [4, 1, 0], 2_000)).toEqual([999, 500, 0]);
});

test("an age is unknown while the leader is silent, or shows less than its log is known to have", async () => {
  first.append(0, batch(1_000, 4));
  await unstored.look([0, 0, 0]);
  second.isSilent = true;
  await unstored.look([1, 0, 0]);
  expect(unstored.ages([1, 0, 0], [4, 0, null], 2_000)).toEqual([999, 0, null]);
  // A new leader's high watermark may be behind for a moment.
  expect(unstored.ages([1, 0, 0], [4, 7, null], 2_000)).toEqual([999, null, null]);
  second.isSilent = false;
  await until(async () => {
    await unstored.look([1, 0, 0]);
    return unstored.ages([1, 0, 0], [4, 0, 0], 2_000)[2] === 0;
  });
});
