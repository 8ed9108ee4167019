import { afterEach, beforeEach, expect, test } from "vitest";
import { type AskedFetch, batchBytes, FakeKafka, type FetchReply } from "../fixture/fake-kafka.ts";
import { BatchDigests } from "../witness/batch-digests.ts";
import { replicaQuestion } from "./replica-copies.ts";

/** Three batches of two records each. */
const BATCHES = [0, 2, 4].map((base) => batchBytes(base, [`a${base}`, "b"]));
const RANGES = [0, 1].map((partition) => ({ partition, start: 0, end: 6 }));
const LIMITS = { timeoutMs: 2000, retryMs: 2, giveUpMs: 60 };
const digests = new BatchDigests(0, 6);
digests.add(Buffer.concat(BATCHES));
const BUCKETS = digests.finish();

let kafka: FakeKafka;
/** Fetches from followers, in their order: "2 p0 from 4". */
let fetched: string[];
beforeEach(async () => {
  kafka = await FakeKafka.start([1, 2, 3]);
  fetched = [];
  const partition = { replicas: [1, 2], isr: [1, 2], start: 0, end: 6 };
  kafka.partitions = [
    { ...partition, leader: 1 },
    { ...partition, leader: 1 },
  ];
  answer(({ offset }) => ({ records: BATCHES[offset / 2]! }));
});
afterEach(() => kafka.stop());

function answer(reply: (asked: AskedFetch) => FetchReply): void {
  kafka.fetch = (asked) => {
    fetched.push(`${asked.broker} p${asked.partition} from ${asked.offset}`);
    return reply(asked);
  };
}

async function read({
  signal = new AbortController().signal,
  limits = LIMITS,
  brokers = kafka.addresses,
  topic = kafka.topic,
} = {}) {
  const question = replicaQuestion(RANGES, signal, limits);
  expect(question.name).toBe("kafka.replicas");
  const nobody = { postgres: () => Promise.reject(new Error("not asked")), ranges: async () => [] };
  return question.schema.parse(await question.ask({ brokers, topic, ...nobody }));
}
const copy = (broker: number, partition: number) => ({
  broker,
  partition,
  read_to: 6,
  failure: null,
  damaged: [],
  buckets: BUCKETS,
});

test("each partition is read from each of its followers, from its first offset to its end", async () => {
  kafka.partitions[1] = { leader: 2, replicas: [1, 2, 3], isr: [1, 2, 3], start: 0, end: 6 };
  const { copies, skipped, problem } = await read();
  expect(copies.toSorted((a, b) => a.broker - b.broker)).toEqual([copy(1, 1), copy(2, 0), copy(3, 1)]);
  expect([skipped, problem]).toEqual([[], null]);
  expect(fetched.filter((text) => text.startsWith("2"))).toEqual(["2 p0 from 0", "2 p0 from 2", "2 p0 from 4"]);
  expect(await kafka.isLeft()).toBe(true);
  expect([...kafka.clients]).toEqual(["faultline-validation"]);
});

test("a partition without a follower has no copy", async () => {
  kafka.partitions = kafka.partitions.map((partition) => ({ ...partition, replicas: [1] }));
  expect(await read()).toEqual({ copies: [], skipped: [], problem: null });
});

test("a batch that does not fit its own CRC is damaged, wherever it lies", async () => {
  const bad = BATCHES.map((batch) => Buffer.from(batch));
  bad[0]![70]! ^= 1;
  bad[2]![70]! ^= 1;
  answer(({ offset }) => ({ records: bad[offset / 2]! }));
  expect((await read()).copies.map(({ damaged }) => damaged)).toEqual([
    [0, 4],
    [0, 4],
  ]);
});

test.each<[string, FetchReply, RegExp]>([
  ["gives nothing more", {}, /^it gives no records$/],
  ["refuses", { errorCode: 6 }, /^Kafka's error code 6$/],
  ["breaks the connection", "cut", /./],
])("a follower that %s is given up, and not asked for its other partitions", async (_, reply, failure) => {
  answer(({ offset }) => (offset < 4 ? { records: BATCHES[offset / 2]! } : reply));
  const { copies, skipped } = await read();
  expect(copies).toEqual([
    {
      ...copy(2, 0),
      read_to: 4,
      failure: expect.stringMatching(failure),
      buckets: [{ ...BUCKETS[0]!, batches: 2, digest: expect.any(Number) }],
    },
  ]);
  expect(skipped).toEqual([{ broker: 2, partitions: 1 }]);
  // It pauses between two questions.
  expect(fetched.length).toBeLessThanOrEqual(3 + LIMITS.giveUpMs / LIMITS.retryMs);
  expect(await kafka.isLeft()).toBe(true);
});

test("a follower that is given up at its last partition has skipped none", async () => {
  answer(({ offset, partition }) => (partition === 0 ? { records: BATCHES[offset / 2]! } : {}));
  const { copies, skipped } = await read();
  expect(copies.map(({ failure }) => failure)).toEqual([null, "it gives no records"]);
  expect(skipped).toEqual([]);
});

test.each<[string, FetchReply]>([
  ["breaks the connection", "cut"],
  ["refuses", { errorCode: 6 }],
  ["gives nothing", {}],
])("a follower that %s once is asked again", async (_, reply) => {
  let times = 0;
  answer(({ offset }) => (++times === 2 ? reply : { records: BATCHES[offset / 2]! }));
  const { copies } = await read({ limits: { ...LIMITS, giveUpMs: 5000 } });
  expect(copies).toEqual([copy(2, 0), copy(2, 1)]);
  expect(fetched.slice(0, 3)).toEqual(["2 p0 from 0", "2 p0 from 2", "2 p0 from 2"]);
});

test("a follower that gives something now and then is not given up", async () => {
  let untilMs = 0;
  answer(({ offset }) => {
    if (performance.now() < untilMs) return {};
    untilMs = performance.now() + 300;
    return { records: BATCHES[offset / 2]! };
  });
  expect((await read({ limits: { ...LIMITS, giveUpMs: 800 } })).copies).toEqual([copy(2, 0), copy(2, 1)]);
});

test("a follower that takes the question and is silent is given up", async () => {
  answer(() => "silent");
  const beganMs = performance.now();
  const { copies } = await read({ limits: { ...LIMITS, timeoutMs: 100 } });
  expect(copies).toEqual([{ ...copy(2, 0), read_to: 0, failure: expect.stringMatching(/./), buckets: [] }]);
  expect(performance.now() - beganMs).toBeLessThan(10_000);
});

test("a broker that the cluster does not know is one that does not answer", async () => {
  kafka.partitions = kafka.partitions.map((partition) => ({ ...partition, replicas: [1, 9] }));
  expect(await read({ limits: { ...LIMITS, giveUpMs: 60_000 } })).toEqual({
    copies: [{ ...copy(9, 0), read_to: 0, failure: "the cluster does not know this broker", buckets: [] }],
    skipped: [{ broker: 9, partitions: 1 }],
    problem: null,
  });
});

test("if nobody says where the copies are, none is read, and the reason is told", async () => {
  const { copies, problem } = await read({ brokers: ["127.0.0.1:1"] });
  expect(copies).toEqual([]);
  expect(problem).toMatch(/./);
});

test("a follower that is down is given up", async () => {
  await kafka.stop([2]);
  expect(await read()).toEqual({
    copies: [{ ...copy(2, 0), read_to: 0, failure: expect.stringMatching(/./), buckets: [] }],
    skipped: [{ broker: 2, partitions: 1 }],
    problem: null,
  });
});

test("a fetch asks for megabytes, and is patient if nobody says otherwise", async () => {
  const asked: number[] = [];
  answer(({ offset, maxBytes }) => {
    asked.push(maxBytes);
    return { records: BATCHES[offset / 2]! };
  });
  const question = replicaQuestion(RANGES, new AbortController().signal);
  const { copies } = await question.ask({ brokers: kafka.addresses, topic: kafka.topic } as never);
  expect(copies).toEqual([copy(2, 0), copy(2, 1)]);
  expect(new Set(asked)).toEqual(new Set([4 * 1024 * 1024]));
});

test("a topic that the cluster does not describe has no copy", async () => {
  expect(await read({ topic: "another" })).toEqual({ copies: [], skipped: [], problem: null });
});

test("a partition that the cluster does not describe has no copy", async () => {
  kafka.partitions = [];
  expect(await read()).toEqual({ copies: [], skipped: [], problem: null });
});

test("who ends the validation ends the reading", async () => {
  const controller = new AbortController();
  answer(() => {
    controller.abort(new Error("ended"));
    return {};
  });
  await expect(read({ signal: controller.signal, limits: { ...LIMITS, giveUpMs: 60_000 } })).rejects.toThrow("ended");
  expect(await kafka.isLeft()).toBe(true);
  fetched = [];
  await expect(read({ signal: AbortSignal.abort(new Error("before")) })).rejects.toThrow("before");
  expect(fetched).toEqual([]);
});
