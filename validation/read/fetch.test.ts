import { Connection } from "@platformatic/kafka";
import { afterEach, beforeEach, expect, test } from "vitest";
import { batchBytes, FakeKafka, type FetchReply } from "../fixture/fake-kafka.ts";
import { fetchRecords } from "./fetch.ts";

const BATCH = batchBytes(0, ["a", "b"]);

let kafka: FakeKafka;
let connection: Connection;
beforeEach(async () => {
  kafka = await FakeKafka.start([1]);
  kafka.partitions = [{ leader: 1, replicas: [1], isr: [1], start: 0, end: 2 }];
  const [host = "", port] = (kafka.addresses[0] as string).split(":");
  connection = new Connection("test", { connectTimeout: 2000, requestTimeout: 2000 });
  await connection.connect(host, Number(port));
});
afterEach(async () => {
  await connection.close();
  await kafka.stop();
});

test.each<[string, FetchReply, number, Buffer]>([
  ["records are those of the partition, to the byte", { records: BATCH }, 0, BATCH],
  ["no records are no bytes", { records: Buffer.alloc(0) }, 0, Buffer.alloc(0)],
  ["null is no bytes", { records: null }, 0, Buffer.alloc(0)],
  ["the partition's error is told", { errorCode: 6, records: BATCH }, 6, BATCH],
  ["the whole answer's error wins", { topError: 70, errorCode: 6 }, 70, Buffer.alloc(0)],
])("%s", async (_, reply, errorCode, records) => {
  kafka.fetch = () => reply;
  const answer = await fetchRecords(connection, "payments", 0, 0, 1024);
  expect(answer.errorCode).toBe(errorCode);
  expect(Buffer.from(answer.records)).toEqual(records);
});
