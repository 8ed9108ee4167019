import { afterEach, beforeEach, expect, test } from "vitest";
import { type AskedFetch, batchBytes, FakeKafka, type FetchReply } from "../fixture/fake-kafka.ts";
import { KafkaLog } from "./kafka-log.ts";
import { readBatches } from "./record-batch.ts";

const LIMITS = { connectMs: 2000, requestMs: 2000, retryMs: 2, giveUpMs: 5000 };
/** Three batches of two records each. */
const BATCHES = [0, 2, 4].map((base) => batchBytes(base, [`a${base}`, `b${base}`]));
const [FIRST] = BATCHES as [Buffer];

let kafka: FakeKafka;
let log: KafkaLog;
let fetches: AskedFetch[];
beforeEach(async () => {
  kafka = await FakeKafka.start([1, 2]);
  const partition = { replicas: [1, 2], isr: [1, 2] };
  kafka.partitions = [
    { ...partition, leader: 2, start: 0, end: 6 },
    { ...partition, leader: 1, start: 3, end: 8 },
  ];
  answer(({ offset }) => ({ records: BATCHES[offset / 2]! }));
  log = new KafkaLog(kafka.addresses, "payments", LIMITS);
});
afterEach(async () => {
  await log.close();
  await kafka.stop();
});

function answer(reply: (asked: AskedFetch) => FetchReply): void {
  fetches = [];
  kafka.fetch = (asked) => {
    fetches.push(asked);
    return reply(asked);
  };
}

/** The values of the records at [start, end) of partition 0. */
async function read({ start = 0, end = 6, partition = 0, of = log, signal = new AbortController().signal } = {}) {
  const values: string[] = [];
  const visitor = {
    record: (_: number, { bytes, valueFrom, valueTo }: { bytes: Buffer; valueFrom: number; valueTo: number }) =>
      values.push(bytes.toString("utf8", valueFrom, valueTo)),
    gap: () => undefined,
  };
  const range = { partition, start, end };
  await of.read(range, (batches, position) => readBatches(batches, position, end, visitor), signal);
  return values;
}
const ALL = ["a0", "b0", "a2", "b2", "a4", "b4"];
const impatient = () => new KafkaLog(kafka.addresses, "payments", { ...LIMITS, giveUpMs: 50 });

test("the first offset and the end of each partition", async () => {
  expect(await log.ranges()).toEqual([
    { partition: 0, start: 0, end: 6 },
    { partition: 1, start: 3, end: 8 },
  ]);
});

test("a later look sees new ends and new partitions", async () => {
  await log.ranges();
  kafka.partitions[0]!.end = 9;
  kafka.partitions.push({ leader: 1, replicas: [1], isr: [1], start: 0, end: 1 });
  expect((await log.ranges()).map(({ end }) => end)).toEqual([9, 8, 1]);
});

test("each record is read once, from the partition's leader, whatever transaction it is of", async () => {
  expect(await read()).toEqual(ALL);
  expect(fetches.map(({ broker, partition, offset }) => [broker, partition, offset])).toEqual([
    [2, 0, 0],
    [2, 0, 2],
    [2, 0, 4],
  ]);
  expect(fetches.every(({ isolation, maxBytes }) => isolation === 0 && maxBytes === 4 * 1024 * 1024)).toBe(true);
  expect([...kafka.clients]).toEqual(["faultline-validation"]);
});

test("several batches of one answer are taken at once", async () => {
  answer(() => ({ records: Buffer.concat(BATCHES) }));
  expect(await read()).toEqual(ALL);
  expect(fetches).toHaveLength(1);
});

test("records at and behind the end are left out", async () => {
  answer(() => ({ records: Buffer.concat(BATCHES) }));
  expect(await read({ start: 1, end: 3 })).toEqual(["b0", "a2"]);
  expect(await read({ start: 3, end: 3 })).toEqual([]);
});

test.each<[string, FetchReply]>([
  ["breaks the connection", "cut"],
  ["is no leader any more", { errorCode: 6 }],
  ["refuses the whole question", { topError: 70 }],
  ["has nothing yet", {}],
  ["has nothing yet, not even empty", { records: null }],
  ["gives the same batch again", { records: FIRST }],
])("a broker that %s is asked again, after its leader was looked up anew", async (_, reply) => {
  let times = 0;
  answer(({ offset }) => (++times === 2 ? reply : { records: BATCHES[offset / 2]! }));
  expect(await read()).toEqual(ALL);
  expect(fetches.map(({ offset }) => offset)).toEqual([0, 2, 2, 4]);
  expect(kafka.asked.filter((text) => text.startsWith("metadata"))).toHaveLength(2);
});

test("when the leader changes, the new one is asked", async () => {
  answer(({ broker, offset }) => {
    if (offset === 0) return { records: FIRST };
    kafka.partitions[0]!.leader = 1;
    return broker === 1 ? { records: BATCHES[offset / 2]! } : { errorCode: 6 };
  });
  expect(await read()).toEqual(ALL);
  expect(fetches.map(({ broker }) => broker)).toEqual([2, 2, 1, 1]);
});

test("records of a refused answer are not taken", async () => {
  answer(() => ({ records: FIRST, errorCode: 6 }));
  await expect(read({ of: impatient() })).rejects.toThrow("read up to offset 0 of 6: Kafka's error code 6");
});

test.each<[string, FetchReply, RegExp]>([
  ["sends nothing more", {}, /: the broker sends no records$/],
  ["refuses", { errorCode: 6 }, /: Kafka's error code 6$/],
  ["refuses the whole question", { topError: 70 }, /: Kafka's error code 70$/],
  ["breaks each connection", "cut", /: .*(clos|reset|ECONN|ended)/i],
])("if a broker %s, reading is given up with the reason", async (_, reply, reason) => {
  answer(({ offset }) => (offset === 0 ? { records: FIRST } : reply));
  await expect(read({ of: impatient() })).rejects.toMatchObject({
    code: "FL_KAFKA_UNREACHABLE",
    message: expect.stringMatching(/^payments partition 0: read up to offset 2 of 6: /),
  });
  await expect(read({ of: impatient() })).rejects.toThrow(reason);
});

test("a partition without a leader is given up with that reason", async () => {
  kafka.partitions[0]!.leader = -1;
  await expect(read({ of: impatient() })).rejects.toThrow(": the partition has no leader");
  await expect(read({ of: impatient(), partition: 7 })).rejects.toThrow(": the partition has no leader");
});

test("a topic that is deleted meanwhile has no leader either", async () => {
  kafka.topic = "another";
  await expect(read({ of: impatient() })).rejects.toThrow(": the partition has no leader");
});

test("without other limits it is read as well", async () => {
  const patient = new KafkaLog(kafka.addresses, "payments");
  expect(await read({ of: patient })).toEqual(ALL);
  await patient.close();
});

test("without other limits, reading is given up after half a minute without a record", async () => {
  answer(() => ({}));
  const patient = new KafkaLog(kafka.addresses, "payments");
  let askedMs = 0;
  performance.now = () => (askedMs += 15_000);
  try {
    // The second look is 30 s after the first, and not late yet.
    const reading = read({ of: patient, signal: AbortSignal.timeout(5_000) });
    await expect(reading).rejects.toMatchObject({ code: "FL_KAFKA_UNREACHABLE" });
    expect(fetches).toHaveLength(2);
  } finally {
    // What is left is the prototype's.
    Reflect.deleteProperty(performance, "now");
    await patient.close();
  }
});

test("a broker that sends something now and then is not given up", async () => {
  let untilMs = 0;
  answer(({ offset }) => {
    if (performance.now() < untilMs) return {};
    untilMs = performance.now() + 300;
    return { records: BATCHES[offset / 2]! };
  });
  const patient = new KafkaLog(kafka.addresses, "payments", { ...LIMITS, giveUpMs: 450 });
  expect(await read({ of: patient })).toEqual(ALL);
});

test("a broker that takes the question and is silent is not waited for forever", async () => {
  answer(() => "silent");
  const hasty = new KafkaLog(kafka.addresses, "payments", { ...LIMITS, requestMs: 60, giveUpMs: 100 });
  const beganMs = performance.now();
  await expect(read({ of: hasty })).rejects.toMatchObject({ code: "FL_KAFKA_UNREACHABLE" });
  // The client library itself would wait for 30 s.
  expect(performance.now() - beganMs).toBeLessThan(20_000);
});

test("offsets that Kafka has deleted while they were read are an error at once", async () => {
  answer(({ offset }) => (offset === 0 ? { records: FIRST } : { errorCode: 1 }));
  await expect(read()).rejects.toMatchObject({
    code: "FL_KAFKA_UNREACHABLE",
    message: "payments partition 0: Kafka no longer has offset 2; it was deleted while reading",
  });
});

test("who ends the validation ends the reading", async () => {
  const controller = new AbortController();
  answer(() => {
    controller.abort(new Error("ended"));
    return {};
  });
  await expect(read({ signal: controller.signal })).rejects.toThrow("ended");
  expect(fetches).toHaveLength(1);
});

const broken = (): never => {
  throw new Error("a bug");
};

test("an answer that nobody waits for any more may fail", async () => {
  const unhandled: unknown[] = [];
  const note = (reason: unknown) => void unhandled.push(reason);
  process.on("unhandledRejection", note);
  try {
    answer(({ offset }) => (offset === 0 ? { records: FIRST } : "cut"));
    const range = { partition: 0, start: 0, end: 6 };
    await expect(log.read(range, broken, new AbortController().signal)).rejects.toThrow("a bug");
    await new Promise((next) => setTimeout(next, 50));
    expect(unhandled).toEqual([]);
  } finally {
    process.off("unhandledRejection", note);
  }
});

test("no connection stays open", async () => {
  await log.ranges();
  await read();
  await log.close();
  expect(await kafka.isLeft()).toBe(true);
});

test.each<[string, Partial<FakeKafka>]>([
  ["is asked for it", { topicError: 3 }],
  ["is asked where it ends", { offsetsError: 3 }],
  ["describes another", { topic: "another" }],
])("a topic that Kafka does not have when it %s is named", async (_, errors) => {
  Object.assign(kafka, errors);
  await expect(log.ranges()).rejects.toMatchObject({
    code: "FL_TOPIC_MISSING",
    message: 'topic "payments" does not exist in Kafka',
    remedy: expect.stringContaining("--topic"),
    cause: expect.any(Error),
  });
});

test("a cluster that does not answer is named by its addresses", async () => {
  const nowhere = new KafkaLog(["127.0.0.1:1", "127.0.0.1:2"], "payments", LIMITS);
  await expect(nowhere.ranges()).rejects.toMatchObject({
    code: "FL_KAFKA_UNREACHABLE",
    message: expect.stringMatching(/^Kafka at 127.0.0.1:1,127.0.0.1:2 does not answer: ./),
    remedy: expect.stringContaining("--brokers"),
    cause: expect.any(Error),
  });
  await nowhere.close();
});

test("an offset that Kafka does not know is an error, not a number", async () => {
  for (const start of [-1, -2]) {
    kafka.partitions[1]!.start = start;
    await expect(log.ranges()).rejects.toThrow("no offset for partition 1");
  }
});
