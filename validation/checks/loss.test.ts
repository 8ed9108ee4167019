import { describe, expect, test } from "vitest";
import { emptyHistories, soundPartition } from "../fixture/histories.ts";
import { indeterminate, lostKafka, lostSink, unseen } from "./loss.ts";

describe("loss", () => {
  test("finds nothing where all is well", () => {
    const histories = emptyHistories();
    soundPartition(histories, 3, 100);
    for (const check of [lostKafka, lostSink, unseen, indeterminate]) expect(check.find(histories)).toEqual([]);
  });

  test("names a range that crosses words, as one", () => {
    const histories = emptyHistories();
    const history = soundPartition(histories, 3, 200);
    for (let sequence = 20; sequence <= 140; sequence++) history.inLog.remove(sequence);
    expect(lostKafka.find(histories)).toMatchObject([
      { kind: "lost-kafka", count: 121, ranges: ["p3 #20-140"], detail: "121 not in the log" },
    ]);
  });

  test("tells another offset from an absence", () => {
    const histories = emptyHistories();
    const history = soundPartition(histories, 0, 10);
    history.atAcknowledgedOffset.clear(4);
    expect(lostKafka.find(histories)).toMatchObject([
      { count: 1, ranges: ["p0 #4"], detail: expect.stringContaining("another record") },
    ]);
  });

  test("does not call lost what Kafka has deleted by retention", () => {
    const histories = emptyHistories();
    const history = soundPartition(histories, 0, 10);
    history.inLog.remove(2);
    history.expired.setRange(0, 5);
    expect(lostKafka.find(histories)).toEqual([]);
  });

  test("a due event without a row is lost, unless it has a dead letter", () => {
    const histories = emptyHistories();
    const history = soundPartition(histories, 1, 64);
    history.rows.remove(31);
    history.rows.remove(63);
    history.letterOfRow.set(63);
    expect(lostSink.find(histories)).toMatchObject([{ count: 1, ranges: ["p1 #31"] }]);
  });

  test("names at most 20 ranges, and counts all", () => {
    const histories = emptyHistories();
    const history = soundPartition(histories, 1, 200);
    for (let sequence = 0; sequence < 200; sequence += 2) history.rows.remove(sequence);
    const [anomaly] = lostSink.find(histories);
    expect(anomaly?.count).toBe(100);
    expect(anomaly?.ranges).toHaveLength(20);
  });

  test("indeterminate events came, did not, or came twice", () => {
    const histories = emptyHistories();
    const history = soundPartition(histories, 0, 6);
    for (const sequence of [1, 2, 3]) history.acknowledged.clear(sequence);
    history.inLog.remove(2);
    history.inLog.add(3);
    expect(indeterminate.find(histories)).toMatchObject([
      { kind: "recovered", ranges: ["p0 #1"] },
      { kind: "not-recovered", ranges: ["p0 #2"] },
    ]);
  });

  test("unseen", () => {
    const histories = emptyHistories();
    soundPartition(histories, 2, 6).above.setRange(4, 6);
    expect(unseen.find(histories)).toMatchObject([{ count: 2, ranges: ["p2 #4-5"] }]);
  });
});
