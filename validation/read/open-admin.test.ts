import { expect, test } from "vitest";
import { FakeKafka } from "../fixture/fake-kafka.ts";
import { openAdmin } from "./open-admin.ts";

test("asks the brokers that it is given, under the validator's name, and makes no topic", async () => {
  const kafka = await FakeKafka.start([1]);
  kafka.partitions = [{ leader: 1, replicas: [1], isr: [1], start: 0, end: 2 }];
  const admin = openAdmin(kafka.addresses, 2000);
  try {
    // The fake breaks the connection of a client that would have a topic made.
    const { topics } = await admin.metadata({ topics: ["payments"] });
    expect(topics.get("payments")?.partitionsCount).toBe(1);
    expect([...kafka.clients]).toEqual(["faultline-validation"]);
  } finally {
    await admin.close();
    await kafka.stop();
  }
});
